"""Around every request: its id, its line in the access log, its metrics, safe headers.

An id that the client sends is kept if it is plain; otherwise it gets one. A line is JSON and names
the route's pattern, never what is in the path or the body.
"""

import json
import logging
import re
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import Metrics
from .tracing import Tracing

logger = logging.getLogger("answerable.access")

_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


class RequestLog:
    """ASGI middleware, the outermost."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, tracing: Tracing, *, has_lines: bool
    ) -> None:
        """Note requests in ``metrics`` and ``tracing``, and in the log if ``has_lines``."""
        self._app = app
        self._metrics = metrics
        self._tracing = tracing
        self._has_lines = has_lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = 500
        started = time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with self._tracing.request(scope) as span:
            try:
                await self._app(scope, receive, noted)
            finally:
                seconds = time.perf_counter() - started
                method = scope["method"] if scope["method"] in _METHODS else "other"
                route = getattr(scope.get("route"), "path", "none")
                span.end(method, route, status)
                self._metrics.note_request(method, route, status, seconds)
                if self._has_lines:
                    self._write(scope, method, route, status, seconds)

    def _write(self, scope: Scope, method: str, route: str, status: int, seconds: float) -> None:
        state = scope["state"]
        line: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": state["request_id"],
            "client": scope["client"][0] if scope.get("client") else None,
            "key": getattr(state.get("asker"), "key_id", None),
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            **state.get("logged", {}),
        }
        logger.info("%s", json.dumps(line))


def _request_id(scope: Scope) -> str:
    given: bytes = dict(scope["headers"]).get(b"x-request-id", b"")
    return given.decode("ascii") if _ID.fullmatch(given) else secrets.token_hex(16)
