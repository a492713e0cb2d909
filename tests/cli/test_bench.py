"""``bench retrieval`` from the command line, with the shipped encoder."""

import json
from pathlib import Path

import pytest

from answerable.cli.main import main
from tests.retriever.small_collection import write_collection


@pytest.mark.model
def test_a_test_collection_and_an_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With labels, quality beside speed; over an index, questions are taken from it."""
    monkeypatch.chdir(tmp_path)
    write_collection(tmp_path)
    assert main(["bench", "retrieval", "--labels", "office", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["source"], record["documents"], record["questions"]) == ("office", 7, 3)
    assert record["build_seconds"] > 0
    assert record["metrics"]["hybrid"]["mrr_at_10"] == 100
    assert record["recall_of_exact_at_10"] == 1
    assert "FAISS Flat" in record["baseline"]
    assert set(record["stages"]["whole"]) == {
        "p50_ms",
        "p99_ms",
        "baseline_p50_ms",
        "baseline_p99_ms",
        "times_as_fast",
    }
    (tmp_path / "note.txt").write_text("The porter has the keys of the office in Utrecht.")
    assert main(["ingest", "note.txt"]) == 0
    capsys.readouterr()
    assert main(["bench", "retrieval"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(".answerable: 1 documents, 1 passages, 1 questions, encoder all-MiniLM")
    assert "built in" not in out and "\nbaseline: exact search: every vector compared" in out
    assert out.splitlines()[5].split()[:4] == ["p50", "ms", "p99", "ms"]


def test_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two sources at once are wrong usage; no index is one line that says what to do."""
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "retrieval", "--sample", "--labels", "office"]) == 2
    assert main(["bench", "retrieval"]) == 1
    assert "answerable ingest PATH" in capsys.readouterr().err
