"""JSON files of any origin: what they may hold, and how much."""

import gzip
from pathlib import Path

import pytest

from answerable.reader import DatasetInvalid, read_squad
from answerable.reader.evaluation import json_files
from answerable.reader.evaluation.json_files import read_json


@pytest.mark.parametrize("is_gzip", [False, True])
def test_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_gzip: bool) -> None:
    """A file that unpacks to more than the limit is refused, one at the limit is not."""
    monkeypatch.setattr(json_files, "MAX_BYTES", 100)
    path = tmp_path / "file"
    for spaces, fits in ((99, True), (100, False)):
        content = b"1" + b" " * spaces
        path.write_bytes(gzip.compress(content) if is_gzip else content)
        if fits:
            assert read_json(path) == 1
        else:
            with pytest.raises(DatasetInvalid, match="larger than"):
                read_json(path)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"1" * 10_000, gzip.compress(b"[]")[:-4]])
def test_hostile_files_are_one_error(tmp_path: Path, content: bytes) -> None:
    """Endless nesting, endless numbers and a cut archive end in our own error."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DatasetInvalid):
        read_json(path)


@pytest.mark.parametrize(
    "qa",
    [
        b'{"id": 1, "question": 5, "answers": []}',
        b'{"id": 1, "question": "q", "answers": [{"text": null, "answer_start": 0}]}',
        b'{"id": 1, "question": "q", "answers": [{"text": "c", "answer_start": Infinity}]}',
        b'{"id": 1, "question": "q", "answers": [{"text": "c", "answer_start": "x"}]}',
    ],
)
def test_wrong_types_are_not_squad(tmp_path: Path, qa: bytes) -> None:
    """A value of another type is found on reading, not when a reader meets it."""
    path = tmp_path / "file"
    path.write_bytes(b'{"data": [{"paragraphs": [{"context": "c", "qas": [' + qa + b"]}]}]}")
    with pytest.raises(DatasetInvalid, match="not in SQuAD layout"):
        read_squad(path)
