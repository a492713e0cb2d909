"""The gate in front of computing work: a fixed set of threads, and a queue that ends.

Reading is processor work, so more at once only makes all of it slower. What finds no place is
refused at once; what nobody waits for any more stops between two steps and gives its place back.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

from answerable.index import StopSignal, available_cores, stoppable

from ..errors import DeadlinePassed, Overloaded

__all__ = ["Gate", "available_cores"]

T = TypeVar("T")


class ClientGone(Exception):
    """The client closed its connection; there is nobody to answer."""


class Gate:
    """Runs work in a fixed number of threads, with a bounded queue in front of them."""

    def __init__(
        self, threads: int, queue: int, on_change: Callable[[int, int], None] = lambda *_: None
    ) -> None:
        """Make the threads.

        Args:
            threads: work that runs at the same time.
            queue: work that waits.
            on_change: called with how much runs and how much waits.
        """
        self._threads = threads
        self._queue = queue
        self._on_change = on_change
        self._lock = threading.Lock()
        self._inside = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="gate")

    async def run(self, request: Request | None, work: Callable[[], T], deadline_s: float) -> T:
        """Return what ``work`` returns, or stop it when it is too late or nobody listens.

        Args:
            request: that the work is for; its body must have been read. None for work that only
                the caller's own cancellation gives up.
            work: runs in a thread; it ends at its next check of the stop signal.
            deadline_s: from now on, waiting included.

        Raises:
            Overloaded: all threads are busy and the queue is full.
            DeadlinePassed: there was no result in time.
            ClientGone: the client closed the connection.
        """
        signal = StopSignal(deadline_s)
        submitted = self._submit(signal, work)
        result = asyncio.wrap_future(submitted)
        result.add_done_callback(lambda done: done.cancelled() or done.exception())
        gone = asyncio.create_task(_disconnected(request))
        try:
            await asyncio.wait((result, gone), timeout=deadline_s, return_when="FIRST_COMPLETED")
            if result.done() and not signal.is_stopped:
                return result.result()
            if gone.done() and not result.done():
                raise ClientGone
            raise DeadlinePassed(f"there was no answer within {deadline_s:g} s")
        finally:
            gone.cancel()
            signal.stop()
            submitted.cancel()

    def close(self) -> None:
        """Let running work end; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, signal: StopSignal, work: Callable[[], T]) -> "Future[T]":
        self._count(1)
        try:
            submitted = self._pool.submit(_run, signal, work)
        except BaseException:
            self._count(-1)
            raise
        # Counted until its thread is free again, not only as long as somebody waits for it.
        submitted.add_done_callback(lambda _: self._count(-1))
        return submitted

    def _count(self, change: int) -> None:
        with self._lock:
            if change > 0 and self._inside >= self._threads + self._queue:
                raise Overloaded("more questions than can be answered now: try again in a second")
            self._inside += change
            inside = self._inside
        self._on_change(min(inside, self._threads), max(0, inside - self._threads))


def _run(signal: StopSignal, work: Callable[[], T]) -> T:
    with stoppable(signal):
        signal.check()
        return work()


async def _disconnected(request: Request | None) -> None:
    """Return when the client has closed its connection."""
    if request is None:
        await asyncio.Event().wait()
        return
    while (await request.receive())["type"] != "http.disconnect":
        pass
