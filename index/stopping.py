"""Stopping work that nobody waits for any more: its caller is gone, or its time is over.

Long work asks between its steps whether to go on. The signal travels in a context variable, so
that no function on the way has to hand it down; work that moves to other threads takes it along.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from .errors import WorkStopped


class StopSignal:
    """Tells work to end, from any thread or at a time set beforehand."""

    def __init__(self, seconds: float | None = None) -> None:
        """Let work go on for so many seconds; None for as long as it takes."""
        self._stopped = threading.Event()
        self._deadline = None if seconds is None else monotonic() + seconds

    def stop(self) -> None:
        """Have the work end at its next step."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Say whether the work is to end."""
        is_late = self._deadline is not None and monotonic() >= self._deadline
        return is_late or self._stopped.is_set()

    def check(self) -> None:
        """Do nothing while the work may go on.

        Raises:
            WorkStopped: it may not.
        """
        if self.is_stopped:
            raise WorkStopped("the work was stopped: nobody waits for it any more")


_ENDLESS = StopSignal()
_current: ContextVar[StopSignal] = ContextVar("stop_signal", default=_ENDLESS)


@contextmanager
def stoppable(signal: StopSignal) -> Iterator[None]:
    """Have what runs in the block end when ``signal`` says so."""
    token = _current.set(signal)
    try:
        yield
    finally:
        _current.reset(token)


def stop_signal() -> StopSignal:
    """Return the signal of the work that this code is part of; one that never stops by default."""
    return _current.get()
