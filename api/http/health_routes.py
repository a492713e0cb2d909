"""Health, metrics, and the reference: what machines and newcomers ask for."""

import threading

import anyio
from anyio import CapacityLimiter
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, Response

from ..error_limit import limit_of_the_settings
from .access import WhoAsks
from .metrics import MEDIA_TYPE, IndexFigures
from .openapi import problems
from .parts import Parts
from .reference import PAGE_POLICY, reference_page
from .schemas import Health


def add_health_routes(app: FastAPI, parts: Parts) -> None:
    """Add the routes by which machines look at the service."""
    warming = threading.Lock()
    # A thread of its own: health must not wait behind anything.
    looking = CapacityLimiter(1)

    @app.get("/health/live", summary="The process answers")
    async def live() -> Health:
        return Health(status="ok")

    @app.get(
        "/health/ready",
        responses=problems(503),
        summary="The index opens, the models are loaded, and the error limit can be kept",
    )
    async def ready() -> Health:
        def look() -> None:
            with warming:
                _make_ready(parts)

        await anyio.to_thread.run_sync(look, limiter=looking)
        return Health(status="ok")

    @app.get(
        "/metrics",
        response_class=Response,
        responses=problems(401, 403, 429, 503)
        | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        summary="Counts and times for Prometheus",
    )
    async def metrics(asker: WhoAsks) -> Response:
        def work() -> bytes:
            masked = parts.masked_words.loaded()
            figures = IndexFigures(parts.engine.get(), parts.jobs.count(), masked)
            return parts.metrics.text(figures)

        return Response(await anyio.to_thread.run_sync(work), media_type=MEDIA_TYPE)


def _make_ready(parts: Parts) -> None:
    """Load what answers need, and see that the settings' error limit can still be kept."""
    engine = parts.engine.get()
    engine.warm()
    with limit_of_the_settings():
        engine.reader.check_limit(engine.settings.max_error)
    parts.masked_words.warm()


def add_reference_routes(app: FastAPI) -> None:
    """Add the reference, for people and for programs."""

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(app.openapi())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        page = reference_page(app.openapi())
        return HTMLResponse(page, headers={"content-security-policy": PAGE_POLICY})
