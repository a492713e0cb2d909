"""Limits on request bodies: their size, counted as the bytes arrive, and the time they take.

FastAPI's own ``max_body_size`` answers in plain text; ours is a problem
document like every other error, and knows which bodies may be large.
"""

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import BodyTooLarge, BodyTooSlow
from .problems import BodyRefused, error_problem

# A client that is still sending when it is refused sees a broken connection, not the refusal;
# so the rest of a body is taken in and dropped, up to so many times the limit and so long.
_DROPPED_LIMITS = 8
_DROPPING_S = 5
# Who sends steadily, however slow the line, is not cut off.
_LEAST_BYTES_PER_S = 16 * 1024
_UPLOADS = ("POST", "/v1/documents")


class BodyLimit:
    """ASGI middleware: 413 for a body that is too large, 408 for one that takes too long."""

    def __init__(
        self, app: ASGIApp, max_bytes: int, max_upload_bytes: int, deadline_s: float
    ) -> None:
        """Limit JSON bodies to ``max_bytes`` and upload forms to ``max_upload_bytes``."""
        self._app = app
        self._max_bytes = max_bytes
        self._max_upload_bytes = max_upload_bytes
        self._deadline_s = deadline_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting; refuse at once what is declared too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        max_bytes = self._limit(scope, headers.get(b"content-type", b""))
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > max_bytes:
            await _drop(receive, max_bytes)
            await error_problem(_too_large(max_bytes))(scope, receive, send)
            return
        started, n_bytes, is_whole = anyio.current_time(), 0, False

        async def counted() -> Message:
            nonlocal n_bytes, is_whole
            if is_whole:  # what comes now is that the client went away
                return await receive()
            allowed_s = self._deadline_s + n_bytes / _LEAST_BYTES_PER_S
            message: Message | None = None
            with anyio.move_on_at(started + allowed_s):
                message = await receive()
            if message is None:
                raise BodyRefused(
                    BodyTooSlow(f"the request's body did not come within {allowed_s:.0f} s")
                )
            n_bytes += len(message.get("body", b""))
            is_whole = not message.get("more_body")
            if n_bytes > max_bytes:
                if not is_whole:
                    await _drop(receive, max_bytes)
                raise BodyRefused(_too_large(max_bytes))
            return message

        await self._app(scope, counted, send)

    def _limit(self, scope: Scope, content_type: bytes) -> int:
        is_form = content_type.lower().startswith(b"multipart/form-data")
        is_upload = is_form and (scope["method"], scope["path"]) == _UPLOADS
        return self._max_upload_bytes if is_upload else self._max_bytes


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"the request body is larger than {max_bytes:,} bytes")


async def _drop(receive: Receive, max_bytes: int) -> None:
    """Take in the rest of a refused body, within bounds."""
    left = max_bytes * _DROPPED_LIMITS
    with anyio.move_on_after(_DROPPING_S):
        while left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            if not message.get("more_body"):
                return
