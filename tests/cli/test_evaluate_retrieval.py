"""``evaluate retrieval`` from the command line, with the shipped encoder."""

import errno
import json
import os
from pathlib import Path
from typing import NoReturn

import pytest

from answerable import api
from answerable.cli.main import main
from tests.retriever.small_collection import write_collection


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the collection ``office``."""
    monkeypatch.chdir(tmp_path)
    return write_collection(tmp_path)


@pytest.mark.model
def test_table_json_and_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same figures as a table, as JSON, and as the means of the lines of --output."""
    run = ["evaluate", "retrieval", "office", "--index", "kept"]
    assert main([*run, "--output", "lines.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("office: 7 documents, 7 passages, 3 queries, encoder all-MiniLM-L6-v2")
    assert out.splitlines()[2].split() == ["hybrid", "dense", "lexical"]
    assert err == ("written to lines.jsonl\n1 judgements are of queries or documents not there\n")
    assert main([*run, "--mode", "hybrid", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert list(record["metrics"]) == ["hybrid"]
    assert record["data"]["documents"] == 7 and len(record["data"]["sha256"]) == 3
    lines = [json.loads(line) for line in Path("lines.jsonl").read_text().splitlines()]
    assert [(line["query_id"], line["mode"]) for line in lines[:3]] == [
        ("q1", "hybrid"),
        ("q1", "dense"),
        ("q1", "lexical"),
    ]
    for name, value in record["metrics"]["hybrid"].items():
        mean = sum(line[name] for line in lines if line["mode"] == "hybrid") / 3
        assert value == round(100 * mean, 2)
    assert lines[0]["ranked"][0]["id"] == "hours"


@pytest.mark.usefixtures("folder")
def test_figures_are_printed_though_the_disk_is_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then one line names the file, and no part of it is left to be in the next run's way."""

    def full(_: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(api, "ranking_record", full)
    command = ["evaluate", "retrieval", "office", "--mode", "lexical", "--output", "lines.jsonl"]
    assert main(command) == 1
    out, err = capsys.readouterr()
    assert out.startswith("office: 7 documents")
    assert err == "error: cannot write lines.jsonl: No space left on device\n"
    assert not Path("lines.jsonl").exists()


def test_errors_are_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A malformed line is named with its file; a file in the way stops before the work."""
    (folder / "corpus.jsonl").write_text('{"_id": "a", "text": "x"}\n{"_id": "b"}\n')
    assert main(["evaluate", "retrieval", "office", "--mode", "lexical"]) == 1
    err = capsys.readouterr().err
    assert "corpus.jsonl:2: 'text' must be there" in err and err.count("\n") == 1
    Path("there.jsonl").write_text("mine\n")
    assert main(["evaluate", "retrieval", "office", "--output", "there.jsonl"]) == 2
    assert Path("there.jsonl").read_text() == "mine\n"
    assert main(["evaluate", "retrieval", "nowhere"]) == 1
    assert "nowhere has no corpus.jsonl, plain or .gz" in capsys.readouterr().err
