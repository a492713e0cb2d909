"""From the example handbook to quoted answers, with the shipped models and whole processes."""

import json
from pathlib import Path
from typing import Any

import pytest

from answerable.api import Engine
from answerable.index import Filters, PassageStore
from tests.end_to_end.conftest import EXAMPLES, HANDBOOK, Run, answerable

pytestmark = pytest.mark.model

QUESTIONS: list[dict[str, str | None]] = json.loads(
    (EXAMPLES / "questions.json").read_text(encoding="utf-8")
)
ANSWERED = str(QUESTIONS[0]["question"])
UNANSWERED = str(QUESTIONS[-1]["question"])
DOCUMENT_KEYS = {"id", "uri", "title", "modified_at", "ingested_at"}
ANSWER_KEYS = {
    "text", "sentence", "sentence_start", "probability", "score", "document", "passage_id",
    "start", "end", "page", "line",
}  # fmt: skip


def test_every_document_is_indexed(ingested: tuple[Path, Run], engine: Engine) -> None:
    """One command takes in every file of the folder, whatever its format."""
    files = {path.as_uri() for path in HANDBOOK.iterdir() if not path.name.startswith(".")}
    folder, run = ingested
    report = json.loads(run.out)
    assert (run.code, run.err) == (0, "")
    assert (report["added"], report["failures"], report["skipped"]) == (len(files), [], [])
    stored = PassageStore(folder / "index" / "index.sqlite3")
    try:
        assert {info.uri for info in stored.documents(Filters())} == files
    finally:
        stored.close()
    assert engine.status().documents == len(files) >= 10


def test_plain_text_is_stored_unchanged(folder: Path) -> None:
    """The stored text of a plain-text file is the file's own, so offsets hold in both."""
    stored = PassageStore(folder / "index" / "index.sqlite3")
    try:
        infos = {Path(info.uri).name: info.id for info in stored.documents(Filters())}
        for name in ("leave.md", "offices.txt", "allowances.csv", "incident-runbook.rst"):
            document = stored.document(infos[name], Filters())
            assert document is not None
            assert document.text == (HANDBOOK / name).read_bytes().decode("utf-8")
    finally:
        stored.close()


@pytest.mark.parametrize("example", QUESTIONS, ids=lambda example: example["source"] or "none")
def test_demo_question(engine: Engine, example: dict[str, str | None]) -> None:
    """Each question of the demo gets its quote from its document, or an honest no."""
    result = engine.ask(str(example["question"]))
    if example["expected"] is None:
        assert result.abstained and result.reason in ("no_answer_in_passages", "low_confidence")
    else:
        assert result.answer is not None, result.reason
        assert example["expected"] in result.answer.text
        assert result.answer.document.uri == (HANDBOOK / str(example["source"])).as_uri()


def test_every_quote_is_a_slice_of_its_document(folder: Path, engine: Engine) -> None:
    """Answers, candidates and sentences are the stored text between their offsets."""
    stored = PassageStore(folder / "index" / "index.sqlite3")
    try:
        results = [engine.ask(str(example["question"]), n_best=20) for example in QUESTIONS]
        quotes = [quote for result in results for quote in result.candidates]
        for quote in quotes:
            document = stored.document(quote.document.id, Filters())
            assert document is not None
            assert document.text[quote.start : quote.end] == quote.text
            end = quote.sentence_start + len(quote.sentence)
            assert document.text[quote.sentence_start : end] == quote.sentence
            assert quote.sentence_start <= quote.start < quote.end <= end
            assert quote.probability is not None and 0 <= quote.probability <= 1
    finally:
        stored.close()
    assert len(quotes) > len(QUESTIONS)


def test_ask_prints_the_documented_json(folder: Path) -> None:
    """``ask --json`` holds the keys of the contract and nothing else."""
    run = answerable("ask", ANSWERED, "--index", "index", "--json", "--n-best", "3", cwd=folder)
    assert (run.code, run.err) == (0, "")
    value = json.loads(run.out)
    assert set(value) == {
        "question", "answer", "abstained", "reason", "candidates", "nearest", "limit", "profile",
    "calibration", "timing_ms", "models"
    }  # fmt: skip
    assert set(value["answer"]) == ANSWER_KEYS
    assert set(value["answer"]["document"]) == DOCUMENT_KEYS
    assert all(set(candidate) == ANSWER_KEYS for candidate in value["candidates"])
    assert all(
        set(near) == {"passage_id", "document", "text", "score"} for near in value["nearest"]
    )
    assert set(value["timing_ms"]) == {"retrieve", "read", "total"}
    assert set(value["models"]) == {"encoder", "reader", "calibration", "null_answer"}
    assert (value["abstained"], value["reason"]) == (False, None)
    assert len(value["candidates"]) <= 3


def test_no_answer_is_exit_code_3(folder: Path) -> None:
    """An abstention says so on standard output, with the nearest passages, and exits with 3."""
    run = answerable("ask", UNANSWERED, "--index", "index", cwd=folder)
    assert (run.code, run.err) == (3, "")
    assert run.out.startswith("No answer: ")
    assert "Nearest passages:" in run.out


def test_chat_answers_line_by_line(folder: Path) -> None:
    """Questions from a pipe get one JSON object a line each; /quit ends it."""
    stdin = f"{ANSWERED}\n\n{UNANSWERED}\n/quit\n{ANSWERED}\n"
    run = answerable("chat", "--index", "index", "--json", cwd=folder, stdin=stdin)
    assert (run.code, run.err) == (0, "")
    values: list[dict[str, Any]] = [json.loads(line) for line in run.out.splitlines()]
    assert [value["question"] for value in values] == [ANSWERED, UNANSWERED]
    assert [value["abstained"] for value in values] == [False, True]


def test_nothing_is_written_outside_the_index(folder: Path, tmp_path: Path) -> None:
    """A question leaves no trace in the user's home: ONNX Runtime keeps its telemetry off."""
    # ONNX Runtime holds back by itself where these are set.
    ci = dict.fromkeys(("CI", "GITHUB_ACTIONS", "TF_BUILD"), "")
    run = answerable(
        "ask", ANSWERED, "--index", "index", cwd=folder, env={"HOME": str(tmp_path), **ci}
    )
    assert (run.code, run.err) == (0, "")
    assert list(tmp_path.iterdir()) == []
