"""A limit on the size of HTTP request bodies, counted as the bytes arrive.

FastAPI's own ``max_body_size`` answers in plain text; ours is a problem
document like every other error, and needs no version of FastAPI that has it.
"""

import anyio
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import problem

# A client that is still sending when it is refused sees a broken connection, not the refusal;
# so the rest of a body is taken in and dropped, up to so many times the limit and so long.
_DROPPED_LIMITS = 8
_DROPPING_S = 5


class BodyLimit:
    """ASGI middleware: 413 for a body above ``max_bytes``, whatever its header promises."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._detail = f"The request body is larger than {max_bytes:,} bytes."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting; refuse at once what is declared too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self._max_bytes:
            await self._drop(receive)
            await problem(413, self._detail)(scope, receive, send)
            return
        n_bytes = 0

        async def counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > self._max_bytes:
                if message.get("more_body"):
                    await self._drop(receive)
                raise HTTPException(413, self._detail)
            return message

        await self._app(scope, counted, send)

    async def _drop(self, receive: Receive) -> None:
        """Take in the rest of a refused body, within bounds."""
        left = self._max_bytes * _DROPPED_LIMITS
        with anyio.move_on_after(_DROPPING_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return
