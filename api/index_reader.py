"""The reader of one index, under the calibration of that index where it has one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from answerable.index import SPLITTER_VERSION, AnswerableError, Encoder
from answerable.reader import CalibrationMismatch, ConfidenceModel, Reader

from .errors import CalibrationDamaged
from .index_calibration import (
    calibration_state,
    check_place,
    load_calibration,
    remove_calibration,
    save_calibration,
)
from .models import Lazy, model_name
from .types import ModelNames


@dataclass(frozen=True, slots=True)
class CalibrationTarget:
    """Whom a calibration is fitted for."""

    reader_sha256: str
    encoder_sha256: str
    splitter_version: int


class IndexReader:
    """Loads the reader at its first use; safe to share between threads."""

    def __init__(
        self, load_reader: Callable[[], Reader], folder: Path | None, encoder: Encoder
    ) -> None:
        """Load nothing yet.

        Args:
            load_reader: returns the reader under its own calibration.
            folder: of the index, with its calibration; None for the reader's own alone.
            encoder: of the index.
        """
        self._folder = folder
        self._encoder = encoder
        self._plain = Lazy(load_reader)
        self._looking = threading.Lock()
        self._begin_anew()

    def get(self) -> Reader:
        """Return the reader under the calibration that the index has now, else under its own.

        Another process may fit one at any time; a look at the file's state finds it.

        Raises:
            CalibrationMismatch: the calibration of the index is for other models.
            CalibrationDamaged: it cannot be read.
            ModelFolderInvalid: the reader cannot be loaded.
        """
        with self._looking:
            if self._folder is not None and calibration_state(self._folder) != self._state:
                self._begin_anew()
            calibrated = self._calibrated
        return calibrated.get()

    def own_confidence(self) -> ConfidenceModel:
        """Return the reader's own calibration, which that of an index builds on.

        Raises:
            ModelFolderInvalid: the reader cannot be loaded.
        """
        return self._plain.get().confidence

    def target(self) -> CalibrationTarget:
        """Return whom a calibration of this index is for."""
        return CalibrationTarget(self._plain.get().sha256, self._encoder.sha256, SPLITTER_VERSION)

    def without_calibration(self) -> "IndexReader":
        """Return the same under the reader's own calibration, whatever the index has."""
        return IndexReader(self._plain.get, None, self._encoder)

    def held(self) -> "IndexReader":
        """Return the same, to be asked once: its calibration stays what it is at the first use."""
        return IndexReader(self.get, None, self._encoder)

    def check_use(self) -> None:
        """Find out before the work whether a calibration could be stored for the index.

        Raises:
            AnswerableError: the folder of the index cannot be written to.
        """
        assert self._folder is not None
        check_place(self._folder)

    def use(self, confidence: ConfidenceModel | None) -> Path | None:
        """Store a calibration for the index and use it from now on; None removes what is stored.

        Returns:
            Where it is stored; for None, what was removed, if anything was.

        Raises:
            AnswerableError: the folder of the index cannot be written to.
        """
        assert self._folder is not None
        path: Path | None
        if confidence is None:
            path = remove_calibration(self._folder)
        else:
            path = save_calibration(self._folder, confidence)
        with self._looking:
            self._begin_anew()
        return path

    def is_foreign(self, max_error: float | None) -> bool:
        """Whether the calibration in use was fitted for another encoder or splitter.

        Only the reader's own can be; its probabilities are then the best there are, but
        promise nothing.

        Raises:
            CalibrationMismatch: it is, and an error limit is asked for.
        """
        try:
            self.get().confidence.check(
                encoder_sha256=self._encoder.sha256, splitter_version=SPLITTER_VERSION
            )
        except CalibrationMismatch:
            if max_error is not None:
                raise
            return True
        return False

    def refusal(self) -> str | None:
        """Return why the calibration of the index is not used; None if it is, or there is none.

        Loads the reader where there is one; a reader that cannot be loaded refuses nothing.
        """
        if self._folder is None or calibration_state(self._folder) is None:
            return None
        try:
            self.get()
        except (CalibrationMismatch, CalibrationDamaged) as exc:
            return str(exc)
        except AnswerableError:
            return None
        return None

    def check_limit(self, max_error: float | None) -> None:
        """Find out whether an error limit can be kept, before a question comes.

        Raises:
            CalibrationMismatch: the calibration is for other models.
            CalibrationNeeded: nothing was fitted.
            MaxErrorUnsupported: the calibration cannot support it.
        """
        if max_error is not None and not self.is_foreign(max_error):
            self.get().confidence.threshold_for(max_error)

    def model_names(self) -> ModelNames:
        """Return what produces the results."""
        reader = self.get()
        return ModelNames(
            encoder=model_name(self._encoder.name, self._encoder.sha256),
            reader=model_name(reader.name, reader.sha256),
            calibration=reader.calibration,
            null_answer="trained" if reader.has_null_answer else "none",
        )

    def _begin_anew(self) -> None:
        """Forget the calibration; the state is taken before the file is read."""
        self._state = calibration_state(self._folder) if self._folder is not None else None
        self._calibrated = Lazy(self._load_calibrated)

    def _load_calibrated(self) -> Reader:
        reader = self._plain.get()
        if self._folder is None:
            return reader
        stored = load_calibration(self._folder, reader.sha256, self._encoder.sha256)
        return reader.with_confidence(stored) if stored else reader
