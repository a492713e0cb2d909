"""The pace of an ingest, by a clock of the test's own."""

from answerable.index.pace import FILE_BYTES, WINDOW_S, Pace


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        """Begin at some moment."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_nothing_is_said_at_first() -> None:
    """Before any time has passed there is no pace."""
    pace = Pace(10, 1000, Clock())
    pace.add(100, 1)
    assert (pace.passages_per_s, pace.seconds_left) == (None, None)


def test_an_even_pace_tells_the_rest() -> None:
    """Three of ten equal files in six seconds: two passages a second, fourteen seconds left."""
    clock = Clock()
    pace = Pace(10, 10_000, clock)
    for n in range(1, 4):
        clock.now += 2
        pace.add(1000, 4 * n)
    assert (pace.passages_per_s, pace.seconds_left) == (2.0, 14.0)


def test_what_was_skipped_is_forgotten() -> None:
    """After a window's time, a quick beginning has no part in the pace."""
    clock = Clock()
    pace = Pace(300, 0, clock)
    for _ in range(200):
        pace.add(0, 0)
    seconds = int(2 * WINDOW_S)
    for n in range(1, seconds + 1):
        clock.now += 1
        pace.add(0, n)
    assert pace.passages_per_s == 1.0
    assert pace.seconds_left == 300 - 200 - seconds


def test_more_than_was_counted_leaves_nothing() -> None:
    """Files that appear on the way do not make the time left negative."""
    clock = Clock()
    pace = Pace(1, 0, clock)
    for n in range(1, 4):
        clock.now += 1
        pace.add(FILE_BYTES, n)
    assert pace.seconds_left == 0
