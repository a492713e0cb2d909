"""Feedback: checked against what the asker may see, kept, and exported as SQuAD."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from answerable.api.http.database import ServiceDatabase
from answerable.api.http.feedback import MAX_ANSWER_CHARS, Feedback, FeedbackStore, Verdict
from answerable.api.http.feedback_export import FeedbackExport, export_feedback
from answerable.reader import SquadAnswer, read_labelled, read_squad
from tests.api.fakes import REMOTE, SALARIES
from tests.api.http.serving import key_for, problem_of, serving

QUESTION = "How large is the allowance?"


@pytest.fixture
def client(index_folder: Path) -> Iterator[TestClient]:
    """The service over the filled index."""
    with serving(index_folder) as opened:
        yield opened


def _ids(client: TestClient, headers: dict[str, str] | None = None) -> dict[str, int]:
    listed = client.get("/v1/documents", headers=headers).json()["documents"]
    return {one["uri"].rpartition("/")[2]: one["id"] for one in listed}


def _say(client: TestClient, verdict: str, **more: Any) -> Any:
    body = {"question": QUESTION, "verdict": verdict, **more}
    return client.post("/v1/feedback", json=body)


def _span(client: TestClient, text: str) -> dict[str, int]:
    start = REMOTE.index(text)
    return {
        "document_id": _ids(client)["remote.md"],
        "start": start,
        "end": start + len(text),
    }


def _exported(index_folder: Path, tmp_path: Path) -> tuple[FeedbackExport, Any]:
    database = ServiceDatabase(index_folder)
    path = tmp_path / "feedback.json"
    done = export_feedback(FeedbackStore(database).all(), path)
    database.close()
    return done, read_squad(path)


def test_feedback_becomes_squad_questions(
    client: TestClient, index_folder: Path, tmp_path: Path
) -> None:
    """A right span and a shown one are answers, a right abstention is none; no wrong span is data."""
    assert _say(client, "right", **_span(client, "400 euros")).status_code == 201
    assert _say(client, "wrong", **_span(client, "three days")).status_code == 201
    said = {"question": "Where may I work?", "verdict": "here", **_span(client, "home")}
    assert client.post("/v1/feedback", json=said).status_code == 201
    said = {"question": "Who pays parental leave?", "verdict": "right", "comment": "indeed"}
    assert client.post("/v1/feedback", json=said).status_code == 201
    done, questions = _exported(index_folder, tmp_path)
    assert done == FeedbackExport(answerable=2, unanswerable=1, rejected=0, left_out=0)
    by_question = {one.question: one for one in questions}
    for question, text in ((QUESTION, "400 euros"), ("Where may I work?", "home")):
        found = by_question[question]
        assert found.context == REMOTE
        assert found.answers == (SquadAnswer(text, REMOTE.index(text)),)
    assert not by_question["Who pays parental leave?"].is_answerable
    assert "Parental leave" in by_question["Who pays parental leave?"].context


def test_last_word_counts(client: TestClient, index_folder: Path, tmp_path: Path) -> None:
    """What was said to be right, and then wrong, is not exported; a new span replaces the old."""
    for verdict in ("right", "wrong"):
        _say(client, verdict, **_span(client, "400 euros"))
    assert _exported(index_folder, tmp_path)[1] == []
    _say(client, "here", **_span(client, "three days"))
    _say(client, "here", **_span(client, "400 euros"))
    (question,) = _exported(index_folder, tmp_path)[1]
    assert question.answers == (SquadAnswer("400 euros", REMOTE.index("400 euros")),)


def test_nothing_said_is_an_empty_file(tmp_path: Path) -> None:
    """Without feedback, and without a database, the export is a valid empty file."""
    done, questions = _exported(tmp_path / "none", tmp_path)
    assert (done, questions) == (FeedbackExport(0, 0, 0, 0), [])


def _feedback(verdict: Verdict, answer: str | None, question: str = QUESTION) -> Feedback:
    start = None if answer is None else REMOTE.index(answer)
    return Feedback(question, verdict, "remote.md", "Remote work", 0, REMOTE, answer, start, id=7)


def _labels(said: list[Feedback], tmp_path: Path) -> list[tuple[Any, ...]]:
    path = tmp_path / "feedback.json"
    export_feedback(said, path)
    return [(one.answers, one.rejected, one.is_known) for one in read_labelled(path)]


@pytest.mark.parametrize(
    ("said", "labels"),
    [
        ([("wrong", "home")], [((), ("home",), False)]),
        ([("wrong", None)], [((), (), False)]),
        ([("wrong", "home"), ("wrong", "three days")], [((), ("home", "three days"), False)]),
        ([("right", "home"), ("wrong", "home")], [((), ("home",), False)]),
        ([("wrong", "home"), ("right", "home")], [(("home",), (), True)]),
        ([("wrong", "home"), ("here", "three days")], [(("three days",), ("home",), True)]),
        ([("wrong", None), ("here", "home")], [(("home",), (), True)]),
        ([("right", None), ("here", "home")], [(("home",), (), True)]),
        ([("right", None), ("wrong", None)], [((), (), False)]),
        ([("wrong", None), ("right", None)], [((), (), True)]),
        ([("wrong", "home"), ("right", None)], [((), ("home",), True)]),
    ],
)
def test_calibrate_sees_what_was_wrong(
    said: list[tuple[Verdict, str | None]], labels: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    """Each question once: right answers, wrong ones, and whether it is known what is right."""
    assert _labels([_feedback(*one) for one in said], tmp_path) == labels


def test_export_counts_every_verdict(tmp_path: Path) -> None:
    """As a question that is known, one that is not, or left out since a later one counts."""
    said = [
        _feedback("right", "home"),
        _feedback("wrong", "three days"),
        _feedback("wrong", "three days", "Who pays?"),
        _feedback("wrong", "three days", "who pays"),
        _feedback("right", None, "Where?"),
        _feedback("wrong", None, "Why?"),
    ]
    done = export_feedback(said, tmp_path / "feedback.json")
    assert done == FeedbackExport(answerable=1, unanswerable=1, rejected=2, left_out=1)


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"start": 10, "end": 10}, 422, "feedback-invalid"),
        ({"start": 20, "end": 10}, 422, "feedback-invalid"),
        ({"end": 100_000}, 422, "feedback-invalid"),
        ({"start": 0, "end": MAX_ANSWER_CHARS + 1}, 422, "feedback-invalid"),
        ({"start": None}, 422, "feedback-invalid"),
        ({"document_id": None, "start": None, "end": None}, 422, "feedback-invalid"),
        ({"start": -1}, 422, "request-invalid"),
        ({"verdict": "perhaps"}, 422, "request-invalid"),
        ({"document_id": 999_999}, 404, "document-not-found"),
        ({"question": " "}, 422, "empty-question"),
    ],
)
def test_impossible_feedback(
    change: dict[str, Any], status: int, kind: str, client: TestClient
) -> None:
    """A span that the document does not have is refused with the reason."""
    said = {"question": QUESTION, "verdict": "here", **_span(client, "400 euros"), **change}
    problem_of(client.post("/v1/feedback", json=said), status, kind)


def test_only_who_sees_a_document_says_something_of_it(
    client: TestClient, index_folder: Path, tmp_path: Path
) -> None:
    """Feedback on a forbidden document is feedback on an unknown one, and none is kept."""
    hr = key_for(index_folder, "ask", principals=("group:hr",))
    public = key_for(index_folder, "ask")
    secret = _ids(client, hr)["salaries.txt"]
    said = {"question": "Salary?", "verdict": "here", "document_id": secret, "start": 4, "end": 10}
    problem_of(client.post("/v1/feedback", json=said, headers=public), 404, "document-not-found")
    client.post("/v1/feedback", json={"question": "Salary?", "verdict": "right"}, headers=public)
    database = ServiceDatabase(index_folder)
    kept = FeedbackStore(database).all()
    database.close()
    assert SALARIES not in json.dumps([one.context for one in kept])
    assert client.post("/v1/feedback", json=said, headers=hr).status_code == 201
