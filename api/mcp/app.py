"""MCP over HTTP: the service's doors, queue and limits around one route, ``POST /mcp``.

Every request stands alone, so any process may answer it; there are no sessions to keep or steal.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..http.access import WhoAsks
from ..http.answers import Answered
from ..http.guarded import guarded_app
from ..http.health_routes import add_health_routes
from ..http.parts import Parts
from ..http.problems import told_of
from .server import Host, mcp_server
from .settings import McpSettings


class _Handed(Response):
    """A response that the SDK's transport gives itself."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the transport read the request and answer it."""
        await self._manager.handle_request(scope, receive, send)


def create_mcp_app(settings: McpSettings, shared: Path | None = None) -> FastAPI:
    """Return the app with ``/mcp``, health and metrics.

    Args:
        settings: of the server.
        shared: folder that the processes of one server share; None for a single one.
    """
    parts = Parts.make(settings, shared, trains=False)
    # Who may ask, from where, is settled before a request comes here: access.py.
    manager = StreamableHTTPSessionManager(
        mcp_server(_host(settings, parts)),
        json_response=True,
        stateless=True,
        max_request_body_size=settings.max_body_bytes,
    )

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        async with manager.run():
            yield
        parts.close()

    app = guarded_app(settings, parts, running, title="Answerable over MCP")
    add_health_routes(app, parts)

    @app.post("/mcp")
    async def mcp(_asker: WhoAsks) -> Response:
        return _Handed(manager)

    return app


def _host(settings: McpSettings, parts: Parts) -> Host:
    def principals_of(request: Request | None) -> tuple[str, ...]:
        assert request is not None
        asker = request.state.asker
        if asker.key_id is None and settings.principals is not None:
            return settings.principals
        principals: tuple[str, ...] = asker.principals
        return principals

    def note_answer(answer: Answered) -> None:
        parts.metrics.note_lookup(is_hit=answer.is_remembered)
        parts.metrics.note_answer(answer.outcome, answer.stages_ms)

    def note_question(request: Request | None, question: str) -> None:
        if settings.log_questions and request is not None:
            request.state.logged = {"questions": [question]}

    return Host(
        settings=settings,
        engine=parts.engine,
        answers=parts.answers,
        gate=parts.gate,
        principals_of=principals_of,
        told_of=told_of,
        on_answer=note_answer,
        on_question=note_question,
    )
