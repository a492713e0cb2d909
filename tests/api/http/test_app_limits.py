"""The error limit as a field of HTTP requests."""

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from answerable.api import Engine, Settings, calibrate
from answerable.api.error_limit import check_error_limit
from answerable.api.http.app import create_app
from answerable.api.http.server import serve
from answerable.reader import CalibrationNeeded, OnnxReader
from tests.api.facts import FactReader, fact_engine, write_questions
from tests.api.http.serving import problem_of


def test_error_limit_over_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``max_error`` is a field of the request; what it cannot be is a 422 that says why."""
    with fact_engine(tmp_path / "index") as engine:
        questions = write_questions(tmp_path)
        monkeypatch.setattr(Engine, "open", lambda settings: engine)
        with TestClient(
            create_app(Settings(index=tmp_path / "index")), "http://127.0.0.1"
        ) as client:
            body = {"question": "What is fact 7?", "max_error": 0.1}
            needed = client.post("/v1/ask", json=body)
            assert (needed.status_code, needed.json()["type"]) == (
                422,
                "urn:answerable:problem:calibration-needed",
            )
            smallest = calibrate(engine, questions).smallest_error
            assert smallest is not None
            kept = client.post("/v1/ask", json={**body, "max_error": smallest})
            assert kept.status_code == 200
            assert kept.json()["limit"]["max_error"] == smallest
            assert kept.json()["calibration"] in ("matched", "shifted")
            refused = client.post("/v1/ask", json={**body, "max_error": smallest / 2})
            assert refused.status_code == 422
            assert f"they support limits from {smallest:g} on" in refused.json()["detail"]
            both = client.post("/v1/ask", json={**body, "min_probability": 0.5})
            assert both.json()["type"] == "urn:answerable:problem:limit-invalid"
            for wrong in (0, 1, -0.1, "0.1"):
                answer = client.post("/v1/ask", json={**body, "max_error": wrong})
                assert answer.json()["type"] == "urn:answerable:problem:request-invalid"


def test_limit_that_becomes_impossible_is_our_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service whose own limit cannot be kept is not ready, and blames nobody who asks."""
    with fact_engine(tmp_path / "index") as engine:
        smallest = calibrate(engine, write_questions(tmp_path)).smallest_error
        assert smallest is not None
        settings = Settings(index=tmp_path / "index", max_error=smallest)
        engine.settings = settings
        monkeypatch.setattr(Engine, "open", lambda settings: engine)
        with TestClient(create_app(settings), "http://127.0.0.1") as client:
            plain = {"question": "What is fact 7?"}
            own = {**plain, "max_error": smallest}
            assert client.get("/health/ready").status_code == 200
            assert client.post("/v1/ask", json=plain).json()["limit"]["max_error"] == smallest
            engine.reader.use(None)  # as another process may: nothing is fitted any more
            problem_of(client.get("/health/ready"), 503, "limit-unsupported")
            problem_of(client.post("/v1/ask", json=plain), 503, "limit-unsupported")
            batch = {"questions": [plain]}
            problem_of(client.post("/v1/ask/batch", json=batch), 503, "limit-unsupported")
            problem_of(client.post("/v1/ask", json=own), 422, "calibration-needed")
            free = client.post("/v1/ask", json={**plain, "min_probability": 0.1})
            assert free.status_code == 200
            engine.settings = settings.model_copy(update={"max_error": smallest / 2})
            calibrate(engine, write_questions(tmp_path))
            problem_of(client.get("/health/ready"), 503, "limit-unsupported")
            problem_of(client.post("/v1/ask", json=plain), 503, "limit-unsupported")


def test_service_with_an_impossible_limit_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before it listens, with the error that a question would meet."""
    monkeypatch.setattr(OnnxReader, "load", lambda folder, threads: FactReader())
    settings = Settings(index=tmp_path / "index", max_error=0.1, port=0)
    listening = list[str]()
    with pytest.raises(CalibrationNeeded, match="needs a calibration"):
        serve(settings, listening.append)
    assert listening == []
    check_error_limit(settings.model_copy(update={"max_error": None}))


@pytest.mark.parametrize(
    ("bad", "kind", "pointer"),
    [
        ({"max_error": 0.1}, "calibration-needed", "#/questions/1/max_error"),
        ({"question": " "}, "empty-question", "#/questions/1/question"),
        ({"collection": " x"}, "collection-invalid", "#/questions/1/collection"),
        ({"filters": {"documents": []}}, "filter-invalid", "#/questions/1/filters"),
        ({"max_error": 0.1, "min_probability": 0.5}, "limit-invalid", "#/questions/1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_question_of_a_batch_is_pointed_at(
    bad: dict[str, Any],
    kind: str,
    pointer: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The problem names the field at fault of the question at fault, as validation does."""
    with fact_engine(tmp_path / "index") as engine:
        monkeypatch.setattr(Engine, "open", lambda settings: engine)
        with TestClient(
            create_app(Settings(index=tmp_path / "index")), "http://127.0.0.1"
        ) as client:
            good = {"question": "What is fact 7?"}
            batch = {"questions": [good, good | bad, good]}
            problem = problem_of(client.post("/v1/ask/batch", json=batch), 422, kind)
            assert [error["pointer"] for error in problem["errors"]] == [pointer]
            assert problem["detail"] == f"{pointer}: {problem['errors'][0]['detail']}"
            alone = problem_of(client.post("/v1/ask", json=good | bad), 422, kind)
            assert alone["errors"][0]["pointer"] == pointer.replace("/questions/1", "")
            assert alone["detail"] == problem["errors"][0]["detail"]
