"""The HTTP service: ``create_app`` puts the parts and the routes together; ``guarded.py`` surrounds them.

Routes are in the ``*_routes.py`` files, who may use them in ``access.py``, errors in
``problems.py``. A further group of routes is a function like those called here, and its rows in
``access.ROUTES``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from ..settings import Settings
from .ask_routes import add_ask_routes
from .document_routes import add_document_routes
from .feedback_routes import add_feedback_routes
from .guarded import guarded_app
from .health_routes import add_health_routes, add_reference_routes
from .openapi import describe
from .page_routes import add_page_routes
from .parts import Parts
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

    app = guarded_app(
        settings,
        parts,
        closing,
        title="Answerable",
        description="Exact quotes from your documents, each with its source, or an honest no.",
        max_upload_bytes=settings.max_upload_bytes,
    )
    add_ask_routes(app, parts)
    add_score_routes(app, parts)
    add_document_routes(app)
    add_feedback_routes(app, parts)
    add_health_routes(app, parts)
    add_reference_routes(app)
    add_page_routes(app)
    describe(app)
    return app
