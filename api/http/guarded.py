"""An app with the doors, limits, log and errors that every server of ours has, and no routes yet."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version

from fastapi import FastAPI

from ..settings import Settings
from .access import GuardedRoute
from .body_limit import BodyLimit
from .parts import Parts
from .problems import install_problems
from .request_log import RequestLog


def guarded_app(
    settings: Settings,
    parts: Parts,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    *,
    title: str,
    description: str = "",
    max_upload_bytes: int | None = None,
) -> FastAPI:
    """Return an app whose routes must each have a row in ``access.ROUTES``.

    Args:
        settings: of the server.
        parts: what its routes share.
        lifespan: what runs from start to end; it closes the parts.
        title: of the OpenAPI document.
        description: likewise.
        max_upload_bytes: limit of bodies that are forms; None for that of other bodies.
    """
    app = FastAPI(
        lifespan=lifespan,
        title=title,
        version=version("answerable"),
        description=description,
        docs_url=None,  # FastAPI's page loads its scripts from elsewhere; ours needs no network
        redoc_url=None,
        openapi_url=None,  # health_routes.py serves it, so that it is behind the same door
    )
    app.state.access = parts.access
    app.state.parts = parts
    app.router.route_class = GuardedRoute
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        max_upload_bytes=max_upload_bytes or settings.max_body_bytes,
        deadline_s=settings.body_deadline_s,
    )
    app.add_middleware(
        RequestLog, metrics=parts.metrics, tracing=parts.tracing, has_lines=settings.access_log
    )
    install_problems(app, parts.metrics.note_refusal)
    return app
