"""Uvicorn's HTTP protocol with the time limits that uvicorn itself does not have.

A client that dribbles its headers, or does not take in its response, would hold a connection for
ever: uvicorn's only clock runs between requests. Bodies are limited in ``body_limit.py``, where
they can still be answered. benchmarks/slow_clients.py measures all of it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEADERS_S = 10.0  # from the connection, or the end of the response before, to the whole header
TAKING_S = 30.0  # that a client may leave a full buffer of its response untouched
MAX_CONNECTIONS = 1000  # of one process, idle ones counted
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n"
)


class LimitedProtocol(H11Protocol):
    """One connection, which ends when its client is too slow."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Set no clock yet."""
        super().__init__(*args, **kwargs)
        self._header_clock: asyncio.TimerHandle | None = None
        self._taking_clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first header, but not for ever."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.write(_FULL)
            transport.close()
            return
        self._wait_for_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        _cancel(self._header_clock)
        _cancel(self._taking_clock)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Stop waiting for a header that has come."""
        super().handle_events()
        if not self._is_between_requests:
            _cancel(self._header_clock)

    def on_response_complete(self) -> None:
        """Wait for the next header; the rest of a refused body must not come for ever either."""
        super().on_response_complete()
        if self._is_between_requests:
            self._wait_for_header()

    def pause_writing(self) -> None:
        """Note that the client takes nothing in."""
        super().pause_writing()
        self._taking_clock = self.loop.call_later(TAKING_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that it does."""
        super().resume_writing()
        _cancel(self._taking_clock)

    def _wait_for_header(self) -> None:
        _cancel(self._header_clock)
        self._header_clock = self.loop.call_later(HEADERS_S, self._give_up)

    def _give_up(self) -> None:
        if self._is_between_requests:
            self.transport.abort()

    @property
    def _is_between_requests(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is None or cycle.response_complete


def _cancel(clock: asyncio.TimerHandle | None) -> None:
    if clock is not None:
        clock.cancel()
