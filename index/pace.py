"""How fast an ingest goes now, and how long the rest will take at that pace."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

# The pace is that of the last so many seconds: what a resumed ingest skips is quick, and says
# nothing of the rest.
WINDOW_S = 30.0
_EVERY_S = 0.5
# What a file takes beside its bytes, in bytes that would take as long.
FILE_BYTES = 500


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    work: int
    passages: int


class Pace:
    """Follows how much is done.

    Attributes:
        passages_per_s: over the last half minute; None before there is anything to say.
        seconds_left: None likewise.
    """

    def __init__(
        self, n_files: int, size_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin now; the files to come have so many bytes together."""
        self.passages_per_s: float | None = None
        self.seconds_left: float | None = None
        self._total = size_bytes + n_files * FILE_BYTES
        self._clock = clock
        self._samples = deque([_Sample(clock(), 0, 0)])
        self._work = 0

    def add(self, size_bytes: int, passages: int) -> None:
        """Count one more file, of so many bytes; ``passages`` are those of all so far."""
        self._work += size_bytes + FILE_BYTES
        now, last = self._clock(), self._samples[-1]
        if now - last.at < _EVERY_S:
            return
        self._samples.append(_Sample(now, self._work, passages))
        while len(self._samples) > 2 and self._samples[1].at <= now - WINDOW_S:
            self._samples.popleft()
        first = self._samples[0]
        seconds = now - first.at
        self.passages_per_s = (passages - first.passages) / seconds
        work = self._work - first.work
        self.seconds_left = max(0, self._total - self._work) * seconds / work
