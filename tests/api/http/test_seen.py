"""What the service tells of itself: metrics, access log, request ids, traces, headers."""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from answerable.api import ExtraMissing
from answerable.api.http import parts
from answerable.api.http.tracing import NoTracing, OpenTelemetry, tracing_from_environment
from tests.api.http.serving import key_for, serving

SECRET = "What is the salary of Zebedee?"


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """The lines of the access log, as they come."""
    logger = logging.getLogger("answerable.access")
    found: list[dict[str, object]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(record.getMessage()))

    handler, level = Keep(), logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_access_log_tells_no_question(index_folder: Path, lines: list[dict[str, object]]) -> None:
    """A line names route, status and key; a question only when that is asked for."""
    headers = key_for(index_folder, "ask")
    for log_questions in (False, True):
        with serving(index_folder, access_log=True, log_questions=log_questions) as client:
            client.post("/v1/ask", json={"question": SECRET}, headers=headers)
    quiet, telling = lines
    assert (quiet["method"], quiet["route"], quiet["status"]) == ("POST", "/v1/ask", 200)
    assert quiet["key"] == headers["authorization"].split()[1].partition(".")[0]
    assert SECRET not in json.dumps(quiet)
    assert telling["questions"] == [SECRET]
    assert headers["authorization"].partition(".")[2] not in json.dumps(lines)


def test_request_ids(index_folder: Path) -> None:
    """A plain id comes back; one that could forge a line of a log does not; else one is made."""
    with serving(index_folder) as client:
        assert client.get("/health/live", headers={"x-request-id": "a-1"}).headers[
            "x-request-id"
        ] == ("a-1")
        made = [client.get("/nowhere").headers["x-request-id"] for _ in range(2)]
        assert len(set(made)) == 2
        for forged in ("a b", "x" * 129, '"}'):
            shown = client.get("/health/live", headers={"x-request-id": forged})
            assert shown.headers["x-request-id"] != forged


def test_safe_headers(index_folder: Path) -> None:
    """Answers are neither cached, framed, sniffed nor run."""
    with serving(index_folder) as client:
        for path in ("/health/live", "/v1/documents", "/nowhere"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"
            assert headers["content-security-policy"].startswith("default-src 'none'")
        policy = client.get("/docs").headers["content-security-policy"]
        assert "script-src 'sha256-" in policy


def test_metrics(index_folder: Path) -> None:
    """Answers by outcome, stages, the index, jobs and models are there; no text is."""
    with serving(index_folder) as client:
        client.post("/v1/ask", json={"question": "How large is the allowance?"})
        client.post("/v1/ask", json={"question": SECRET})
        client.get("/v1/documents/999")
        response = client.get("/metrics")
    text = response.text
    assert response.headers["content-type"].startswith("text/plain")
    for line in (
        'answerable_questions_total{outcome="answered"} 1.0',
        'answerable_questions_total{outcome="no_answer_in_passages"} 1.0',
        'answerable_stage_seconds_count{stage="read"} 2.0',
        'method="GET",route="/v1/documents/{document_id}",status="404"} 1.0',
        "answerable_index_documents 4.0",
        'answerable_jobs{state="waiting"} 0.0',
        'answerable_model_info{kind="reader",model="scripted@5c5c5c5c5c5c"} 1.0',
        "answerable_work_waiting 0.0",
    ):
        assert line in text
    assert "answerable_index_size_bytes" in text
    assert "Zebedee" not in text and "allowance" not in text


def test_traces(index_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request is a span with its stages below it, in the trace of whoever asked."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(parts, "tracing_from_environment", lambda: OpenTelemetry(provider))
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    with serving(index_folder) as client:
        headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
        client.post("/v1/ask", json={"question": SECRET}, headers=headers)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert set(spans) == {"POST /v1/ask", "retrieve", "read"}
    assert {f"{span.context.trace_id:032x}" for span in spans.values() if span.context} == {
        trace_id
    }
    assert spans["POST /v1/ask"].attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/ask",
        "http.response.status_code": 200,
    }
    assert "Zebedee" not in "".join(span.to_json() for span in spans.values())


def test_traces_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address nothing is traced; with one the extra is needed."""
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    assert isinstance(tracing_from_environment(), NoTracing)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    with pytest.raises(ExtraMissing, match="otel"):
        tracing_from_environment()
