"""The reader of one index, under the calibration of that index where it has one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from answerable.index import SPLITTER_VERSION, AnswerableError, Encoder
from answerable.reader import (
    CalibrationMismatch,
    CalibrationNeeded,
    ConfidenceModel,
    MaxErrorUnsupported,
    OnnxReader,
    Reader,
    own_confidence,
)

from .errors import CalibrationDamaged
from .index_calibration import (
    calibration_name,
    calibration_state,
    check_place,
    load_calibration,
    remove_calibration,
    save_calibration,
)
from .models import Lazy, model_name
from .settings import Settings
from .types import IndexModels, ModelNames


@dataclass(frozen=True, slots=True)
class CalibrationTarget:
    """Whom a calibration is fitted for."""

    reader_sha256: str
    encoder_sha256: str
    splitter_version: int


@dataclass(frozen=True, slots=True)
class ReaderSource:
    """Where a reader comes from.

    Attributes:
        load: returns it under its own calibration, or raises that this is another reader's.
        load_bare: returns it as if nothing had been fitted for it; None if it is never refused.
        confidence: returns its own calibration without loading it; None if that cannot be.
        folder: of its files; None for the shipped one.
    """

    load: Callable[[], Reader]
    load_bare: Callable[[], Reader] | None = None
    confidence: Callable[[], ConfidenceModel] | None = None
    folder: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return that of the reader which the settings name."""
        folder, threads = settings.reader, settings.threads
        return cls(
            load=lambda: OnnxReader.load(folder, threads=threads),
            load_bare=lambda: OnnxReader.load(folder, threads=threads, with_calibration=False),
            confidence=lambda: own_confidence(folder),
            folder=folder,
        )


class IndexReader:
    """Loads the reader at its first use; safe to share between threads."""

    def __init__(
        self,
        source: ReaderSource,
        folder: Path | None,
        encoder: Encoder,
        command: str = "answerable calibrate QUESTIONS",
    ) -> None:
        """Load nothing yet.

        Args:
            source: where the reader comes from.
            folder: of the index, with its calibration; None for the reader's own alone.
            encoder: of the index.
            command: that calibrates this index and reader, for errors.
        """
        self._source = source
        self._folder = folder
        self._encoder = encoder
        self._command = command
        self._own = Lazy(source.load)
        self._bare = Lazy(source.load_bare or source.load)
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

        One that was fitted for another reader counts as none.

        Raises:
            ModelFolderInvalid: the reader cannot be loaded.
        """
        return self._base().confidence

    def target(self) -> CalibrationTarget:
        """Return whom a calibration of this index is for."""
        return CalibrationTarget(self._base().sha256, self._encoder.sha256, SPLITTER_VERSION)

    def without_calibration(self) -> "IndexReader":
        """Return the same under the reader's own calibration, whatever the index has."""
        return IndexReader(ReaderSource(self._base), None, self._encoder, self._command)

    def held(self) -> "IndexReader":
        """Return the same, to be asked once: its calibration stays what it is at the first use."""
        return IndexReader(ReaderSource(self.get), None, self._encoder, self._command)

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
            CalibrationNeeded: an error limit is asked for, and nothing was fitted.
            MaxErrorUnsupported: the calibration cannot support the limit.
        """
        confidence = self.get().confidence
        try:
            confidence.check(encoder_sha256=self._encoder.sha256, splitter_version=SPLITTER_VERSION)
            if max_error is not None:
                confidence.threshold_for(max_error)
        except CalibrationMismatch as exc:
            if max_error is None:
                return True
            exc.add_note(self._command)
            raise
        except (CalibrationNeeded, MaxErrorUnsupported) as exc:
            exc.add_note(self._command)  # for who has the files; clients are not told of paths
            raise
        return False

    def refusal(self) -> str | None:
        """Return why no calibration is used, the index's or else the reader's own; None if one is.

        Loads the reader where the index has one; a reader that cannot be loaded refuses nothing.
        """
        try:
            if self._folder is not None and calibration_state(self._folder) is not None:
                self.get()
            elif self._source.confidence:
                with self._naming_the_command():
                    self._source.confidence()
        except (CalibrationMismatch, CalibrationDamaged) as exc:
            return str(exc)
        except AnswerableError:
            return None
        return None

    def index_models(self, encoder: str) -> IndexModels:
        """Return what is fitted for the index, and what is refused; loads no more than it must.

        Args:
            encoder: the name of that of the index.
        """
        own = None
        if self._source.confidence:
            with suppress(AnswerableError):  # told as refused, or by whoever loads the reader
                own = self._source.confidence().name
        return IndexModels(
            encoder=encoder,
            calibration=calibration_name(self._folder) if self._folder else None,
            calibration_refused=self.refusal(),
            own_calibration=own,
        )

    def check_limit(self, max_error: float | None) -> None:
        """Find out whether an error limit can be kept, before a question comes.

        Raises:
            CalibrationMismatch: the calibration is for other models.
            CalibrationNeeded: nothing was fitted.
            MaxErrorUnsupported: the calibration cannot support it.
        """
        if max_error is not None:
            self.is_foreign(max_error)

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
        if self._folder is not None:
            reader = self._base()
            stored = load_calibration(
                self._folder, reader.sha256, self._encoder.sha256, self._source.folder
            )
            if stored:
                return reader.with_confidence(stored)
        with self._naming_the_command():
            return self._own.get()

    def _base(self) -> Reader:
        """Return the reader under its own calibration; if that is another's, under none."""
        try:
            return self._own.get()
        except CalibrationMismatch:
            return self._bare.get()

    @contextmanager
    def _naming_the_command(self) -> Iterator[None]:
        """Name what calibrates this index and reader where the reader's own does not fit."""
        try:
            yield
        except CalibrationMismatch as exc:
            if self._folder is None:  # read for another, which has named it
                raise
            remedy = f"fit one for this index with `{self._command}`"
            raise CalibrationMismatch(exc.subject, exc.difference, remedy) from exc
