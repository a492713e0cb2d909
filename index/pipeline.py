"""Threads that run ahead of their taker, and never further than they are allowed to.

The stages of an ingest are plain iterators; ``Pipeline.ahead`` gives one a thread of its own.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, Full, Queue
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")

# How soon a thread that waits notices that all is to end.
_LOOK_S = 0.1


class Stopped(Exception):
    """The pipeline ends before its work does."""


@dataclass(frozen=True, slots=True)
class _Made(Generic[T]):
    item: T


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class Pipeline:
    """Runs iterators in threads; leaving its block ends them, done or not."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def ahead(self, items: Iterable[T], most: int) -> Iterator[T]:
        """Yield ``items`` in order, made in a thread that is at most ``most`` of them ahead.

        An error there is raised here, after what was made before it.
        """
        waiting: Queue[_Made[T] | _Failed | None] = Queue(most)
        thread = threading.Thread(
            target=self._run, args=(items, waiting), name="ingest", daemon=True
        )
        self._threads.append(thread)
        thread.start()
        return self._taken(waiting)

    def result_of(self, future: Future[T], deadline: float | None = None) -> T:
        """Return a future's result.

        Args:
            future: of whatever executor.
            deadline: by ``time.monotonic``; None for none.

        Raises:
            TimeoutError: the deadline has passed.
            Stopped: the pipeline ends.
        """
        while True:
            left = _LOOK_S if deadline is None else min(_LOOK_S, deadline - time.monotonic())
            try:
                return future.result(max(0, left))
            except TimeoutError:
                if future.done():  # its own
                    raise
                self.check()
                if deadline is not None and time.monotonic() >= deadline:
                    raise

    def check(self) -> None:
        """Raise ``Stopped`` if the pipeline ends."""
        if self._stop.is_set():
            raise Stopped

    def _run(self, items: Iterable[T], waiting: "Queue[_Made[T] | _Failed | None]") -> None:
        try:
            try:
                for item in items:
                    self._put(waiting, _Made(item))
                self._put(waiting, None)
            except Stopped:
                return
            except BaseException as exc:  # noqa: BLE001  raised again where it is taken
                self._put(waiting, _Failed(exc))
        except Stopped:
            return

    def _put(
        self, waiting: "Queue[_Made[T] | _Failed | None]", message: _Made[T] | _Failed | None
    ) -> None:
        while True:
            self.check()
            try:
                waiting.put(message, timeout=_LOOK_S)
            except Full:
                continue
            return

    def _taken(self, waiting: "Queue[_Made[T] | _Failed | None]") -> Iterator[T]:
        while True:
            try:
                message = waiting.get(timeout=_LOOK_S)
            except Empty:
                self.check()
                continue
            if message is None:
                return
            if isinstance(message, _Failed):
                raise message.error
            yield message.item


class Budget:
    """How much may be under way at once, whatever it is counted in.

    One thread takes and others give back. More than the whole limit is lent when nothing else is
    out, so that the largest item goes through alone.
    """

    def __init__(self, limit: int, pipeline: Pipeline) -> None:
        self._limit = limit
        self._pipeline = pipeline
        self._taken = 0
        self._changed = threading.Condition()

    def has_room(self, amount: int) -> bool:
        """Say whether ``take`` would return at once."""
        return not self._taken or self._taken + amount <= self._limit

    def take(self, amount: int) -> None:
        """Wait until there is room, and take it.

        Raises:
            Stopped: the pipeline ends.
        """
        with self._changed:
            while not self.has_room(amount):
                self._pipeline.check()
                self._changed.wait(_LOOK_S)
            self._taken += amount

    def give(self, amount: int) -> None:
        """Give back what was taken."""
        with self._changed:
            self._taken -= amount
            self._changed.notify_all()
