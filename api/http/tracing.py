"""OpenTelemetry traces, with the extra ``otel``: a span for each request and each of its stages.

They are sent where the standard variables say, e.g. ``OTEL_EXPORTER_OTLP_ENDPOINT``; without one,
or without the extra, nothing is made. Spans hold routes, statuses and times, no text.
"""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from starlette.types import Scope

from ..errors import ExtraMissing

_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_SERVER_ERROR = 500


class RequestSpan(Protocol):
    """The span of one request."""

    def stages(self, stages_ms: Iterable[tuple[str, float]]) -> None:
        """Add spans of stages that have just ended, one after another."""
        ...

    def end(self, method: str, route: str, status: int) -> None:
        """Name the span and say how the request went."""
        ...


class Tracing(Protocol):
    """Makes spans of requests, or does not."""

    def request(self, scope: Scope) -> Any:
        """Return a context manager that yields the span of a request."""
        ...


class NoSpan:
    """The span of a request that is not traced."""

    def stages(self, stages_ms: Iterable[tuple[str, float]]) -> None:
        """Do nothing."""

    def end(self, method: str, route: str, status: int) -> None:
        """Do nothing."""


class NoTracing:
    """Traces nothing."""

    @contextmanager
    def request(self, scope: Scope) -> Iterator[RequestSpan]:
        """Yield a span that is none."""
        span = NoSpan()
        scope.setdefault("state", {})["span"] = span
        yield span


class OpenTelemetry:
    """Traces requests with a provider of the OpenTelemetry SDK."""

    def __init__(self, provider: Any) -> None:
        """Make spans with ``provider``, a ``TracerProvider``."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer = provider.get_tracer("answerable")
        self._kind = SpanKind.SERVER
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, scope: Scope) -> Iterator[RequestSpan]:
        """Yield the span of a request, a child of the one that its headers name."""
        headers = {name.decode("latin-1"): v.decode("latin-1") for name, v in scope["headers"]}
        parent = self._propagator.extract(headers)
        with self._tracer.start_as_current_span("request", parent, kind=self._kind) as inner:
            span = _Span(self._tracer, inner)
            scope.setdefault("state", {})["span"] = span
            yield span


class _Span:
    def __init__(self, tracer: Any, span: Any) -> None:
        self._tracer = tracer
        self._span = span

    def stages(self, stages_ms: Iterable[tuple[str, float]]) -> None:
        from opentelemetry.trace import set_span_in_context

        stages = [(name, int(ms * 1e6)) for name, ms in stages_ms if name != "total"]
        now = time.time_ns() - sum(nanoseconds for _, nanoseconds in stages)
        for name, nanoseconds in stages:
            context = set_span_in_context(self._span)
            stage = self._tracer.start_span(name, context, start_time=now)
            now += nanoseconds
            stage.end(end_time=now)

    def end(self, method: str, route: str, status: int) -> None:
        from opentelemetry.trace import StatusCode

        self._span.update_name(f"{method} {route}")
        self._span.set_attribute("http.request.method", method)
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        if status >= _SERVER_ERROR:
            self._span.set_status(StatusCode.ERROR)


def tracing_from_environment() -> Tracing:
    """Return what the standard variables ask for.

    Raises:
        ExtraMissing: they ask for traces, and the extra is not installed.
    """
    if not any(os.environ.get(name) for name in _VARIABLES):
        return NoTracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as exc:
        raise ExtraMissing(
            f"traces need the otel extra ({exc.name} is missing): pip install '.[otel]' in the clone"
        ) from exc
    provider = TracerProvider(resource=Resource.create({"service.name": "answerable"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return OpenTelemetry(provider)
