"""The error limit as a field of HTTP requests."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from answerable.api import Engine, Settings, calibrate
from answerable.api.http.app import create_app
from tests.api.facts import fact_engine, write_questions


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
            assert f"the smallest that they support is {smallest:g}" in refused.json()["detail"]
            both = client.post("/v1/ask", json={**body, "min_probability": 0.5})
            assert both.json()["type"] == "urn:answerable:problem:limit-invalid"
            for wrong in (0, 1, -0.1, "0.1"):
                answer = client.post("/v1/ask", json={**body, "max_error": wrong})
                assert answer.json()["type"] == "urn:answerable:problem:request-invalid"
