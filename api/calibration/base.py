"""What a calibration builds on, and what it takes the place of."""

from dataclasses import dataclass
from typing import Self

from answerable.reader import CalibrationMismatch, ConfidenceModel

from ..errors import CalibrationDamaged
from ..index_reader import IndexReader
from . import figures


@dataclass(frozen=True, slots=True)
class Base:
    """What held for the index before.

    Attributes:
        model: the reader's own calibration.
        smallest_own: from which error limit on it supports all here; None if none.
        smallest_before: the same of what was in use, be it that or the index's.
    """

    model: ConfidenceModel
    smallest_own: float | None
    smallest_before: float | None

    @classmethod
    def of(cls, reader: IndexReader) -> Self:
        """Look at an index's reader before its calibration is replaced."""
        own = reader.without_calibration()
        return cls(reader.own_confidence(), _smallest_error(own), _smallest_error(reader))


def _smallest_error(reader: IndexReader) -> float | None:
    """Return from which error limit on a reader keeps all; None where it promises nothing."""
    try:
        return None if reader.is_foreign(None) else figures.smallest_error(reader.get().confidence)
    except (CalibrationMismatch, CalibrationDamaged):
        return None
