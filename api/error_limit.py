"""The error limit that the settings name: kept for everybody, or a fault of whoever set it.

A limit of a request's own that cannot be kept is the asker's error; this one is not.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from answerable.reader import CalibrationNeeded, MaxErrorUnsupported

from .calibrate_command import calibrate_command
from .errors import LimitUnsupported
from .index_reader import IndexReader, ReaderSource
from .models import LazyEncoder
from .settings import Settings


def check_error_limit(settings: Settings) -> None:
    """Refuse an error limit of the settings that cannot be kept; without one, load nothing.

    There need not be an index yet: then the reader's own calibration counts.

    Raises:
        MaxErrorUnsupported: the calibration cannot support it; it says what it can.
        CalibrationNeeded: nothing was fitted.
        CalibrationMismatch: the calibration is for other models; it says what to run.
        ModelFolderInvalid: a model cannot be loaded.
    """
    if settings.max_error is None:
        return
    encoder = LazyEncoder(settings.encoder, settings.threads)
    source, command = ReaderSource.of(settings), calibrate_command(settings)
    reader = IndexReader(source, settings.index, encoder, command)
    reader.check_limit(settings.max_error)


@contextmanager
def limit_of_the_settings() -> Iterator[None]:
    """Make what is wrong with the limit in the block an error of ours, not of the asker.

    Raises:
        LimitUnsupported: it cannot be kept.
    """
    try:
        yield
    except (CalibrationNeeded, MaxErrorUnsupported) as exc:
        raise LimitUnsupported(f"max_error of the settings: {exc}") from exc
