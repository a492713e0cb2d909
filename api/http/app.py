"""The HTTP service: ``create_app`` puts the parts, the routes and what surrounds them together.

Routes are in the ``*_routes.py`` files, who may use them in ``access.py``, errors in
``problems.py``. A further group of routes is a function like those called here, and its rows in
``access.ROUTES``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI

from ..settings import Settings
from .access import GuardedRoute
from .ask_routes import add_ask_routes
from .body_limit import BodyLimit
from .document_routes import add_document_routes
from .feedback_routes import add_feedback_routes
from .health_routes import add_health_routes, add_reference_routes
from .openapi import describe
from .page_routes import add_page_routes
from .parts import Parts
from .problems import install_problems
from .request_log import RequestLog
from .score_routes import add_score_routes


def create_app(settings: Settings, shared: Path | None = None) -> FastAPI:
    """Return the service over the index that the settings name.

    The index is opened at the first request that needs it, so the service may start before
    the first ingest; ``/health/ready`` tells. Uploads are taken in by the process that
    ``ingestion.py`` is, which ``server.serve`` starts beside this.

    Args:
        settings: of the service.
        shared: folder that the processes of one service share; None for a single one.
    """
    parts = Parts.make(settings, shared)

    @asynccontextmanager
    async def closing(_app: FastAPI) -> AsyncIterator[None]:
        yield
        parts.close()

    app = FastAPI(
        lifespan=closing,
        title="Answerable",
        version=version("answerable"),
        description="Exact quotes from your documents, each with its source, or an honest no.",
        docs_url=None,  # FastAPI's page loads its scripts from elsewhere; ours needs no network
        redoc_url=None,
        openapi_url=None,  # health_routes.py serves it, so that it is behind the same door
    )
    app.state.access = parts.access
    app.router.route_class = GuardedRoute
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        deadline_s=settings.body_deadline_s,
    )
    app.add_middleware(
        RequestLog, metrics=parts.metrics, tracing=parts.tracing, has_lines=settings.access_log
    )
    install_problems(app, parts.metrics.note_refusal)
    add_ask_routes(app, parts)
    add_score_routes(app, parts)
    add_document_routes(app, parts)
    add_feedback_routes(app, parts)
    add_health_routes(app, parts)
    add_reference_routes(app)
    add_page_routes(app)
    describe(app)
    return app
