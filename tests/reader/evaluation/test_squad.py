"""Reading SQuAD files, good and bad."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from answerable.reader.errors import DatasetInvalid
from answerable.reader.evaluation.squad import SquadAnswer, SquadQuestion, read_squad

QA: dict[str, Any] = {
    "id": "1",
    "question": "Who?",
    "answers": [{"text": "Ann", "answer_start": 0}],
}
IMPOSSIBLE = {"id": "2", "question": "Why?", "answers": [], "is_impossible": True}


def _tree(*qas: dict[str, Any]) -> dict[str, Any]:
    return {"data": [{"title": "T", "paragraphs": [{"context": "Ann ran.", "qas": list(qas)}]}]}


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_both_versions_plain_and_gzip(tmp_path: Path, compress: Any) -> None:
    """1.1 questions have answers; 2.0's impossible ones have none; gzip is seen by its magic."""
    path = tmp_path / "squad.json"
    path.write_bytes(compress(json.dumps(_tree(QA, IMPOSSIBLE)).encode()))
    assert read_squad(path) == [
        SquadQuestion("1", "T", "Ann ran.", "Who?", (SquadAnswer("Ann", 0),)),
        SquadQuestion("2", "T", "Ann ran.", "Why?", ()),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe\xfd", "is not JSON"),
        (b"\x1f\x8b broken", "cannot read"),
        (b"[]", "not in SQuAD layout"),
        (b'{"data": [{"paragraphs": [{"qas": []}, 7]}]}', "not in SQuAD layout"),
    ],
)
def test_bad_files_are_one_clear_error(tmp_path: Path, content: bytes, message: str) -> None:
    """A file that is no SQuAD file says so, whatever is wrong with it."""
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(DatasetInvalid, match=message):
        read_squad(path)


def test_missing_file(tmp_path: Path) -> None:
    """A path that does not exist is the same error."""
    with pytest.raises(DatasetInvalid, match="there is no file"):
        read_squad(tmp_path / "none.json")
