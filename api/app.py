"""The HTTP service: ``create_app`` wires the routes; errors are in ``problems.py``.

The service knows nobody yet, so it asks the index as the public: documents that
are allowed to named users or groups only are never seen through it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse

from .body_limit import BodyLimit
from .engine import Engine
from .models import Lazy
from .problems import MEDIA_TYPE, install_problems
from .reference import reference_page
from .schemas import (
    EXAMPLES,
    AskRequest,
    Health,
    Problem,
    SearchRequest,
)
from .settings import Settings
from .types import AskResult, SearchResult, to_json

_NOBODY: tuple[str, ...] = ()
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": description}
    for status, description in (
        (400, "The body is not JSON"),
        (413, "The body is too large"),
        (415, "The body is not sent as JSON"),
        (422, "A field is missing, unknown, or cannot have its value"),
        (503, "There is no index, or a model cannot be loaded"),
    )
}


def create_app(settings: Settings) -> FastAPI:
    """Return the service over the index that the settings name.

    The index is opened at the first request that needs it, so the service may start before
    the first ingest; ``/health/ready`` tells.
    """
    engine = Lazy(lambda: Engine.open(settings=settings).train_in_background())

    @asynccontextmanager
    async def closing(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if opened := engine.made():
            opened.close()

    app = FastAPI(
        lifespan=closing,
        title="Answerable",
        version=version("answerable"),
        description="Exact quotes from your documents, each with its source, or an honest no.",
        docs_url=None,  # FastAPI's page loads its scripts from elsewhere; ours needs no network
        redoc_url=None,
    )
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    install_problems(app)
    _add_routes(app, engine)
    _add_examples(app)
    return app


def _add_routes(app: FastAPI, engine: Lazy[Engine]) -> None:
    """Add the routes; plain functions, which FastAPI runs in its thread pool."""

    @app.post(
        "/v1/ask",
        response_model=AskResult,
        responses=_PROBLEMS,
        summary="Answer a question with a quote, or say why not",
    )
    def ask(request: AskRequest) -> JSONResponse:
        result = engine.get().ask(
            request.question,
            k=request.k,
            n_best=request.n_best,
            min_probability=request.min_probability,
            max_error=request.max_error,
            collection=request.collection,
            filters=request.filters.chosen() if request.filters else None,
            principals=_NOBODY,
        )
        return JSONResponse(to_json(result))

    @app.post(
        "/v1/search",
        response_model=SearchResult,
        responses=_PROBLEMS,
        summary="Rank passages",
    )
    def search(request: SearchRequest) -> JSONResponse:
        result = engine.get().search(
            request.query,
            k=request.k,
            mode=request.mode,
            collection=request.collection,
            filters=request.filters.chosen() if request.filters else None,
            principals=_NOBODY,
        )
        return JSONResponse(to_json(result))

    @app.get("/health/live", summary="The process answers")
    def live() -> Health:
        return Health(status="ok")

    @app.get(
        "/health/ready",
        responses={503: _PROBLEMS[503]},
        summary="The index opens and both models are loaded",
    )
    def ready() -> Health:
        engine.get().warm()
        return Health(status="ok")

    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi()))


def _add_examples(app: FastAPI) -> None:
    """Put the examples into the OpenAPI document, from which FastAPI drops their nulls."""
    paths = app.openapi()["paths"]  # made once, and kept by the app
    for path, example in EXAMPLES.items():
        answered = paths[path]["post"]["responses"]["200"]
        answered["content"]["application/json"]["example"] = example
