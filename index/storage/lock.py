"""The locks of an index: one process writes it at a time, one trains for it, any number read it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import AnswerableError, IndexLocked

LOCK_NAME = "writer.lock"
TRAINING_LOCK_NAME = "training.lock"


class WriterLock:
    """Holds ``writer.lock`` of an index folder with ``flock`` while the block runs.

    The kernel lets go of it when the process ends, however it ends, so a lock file that is
    left behind locks nothing.
    """

    def __init__(self, folder: Path) -> None:
        """Remember the folder; entering the block takes the lock."""
        self._folder = folder
        self._file_descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take the lock at once or not at all.

        Raises:
            IndexLocked: another writer holds it; the message names its process.
            AnswerableError: the folder cannot be written to.
        """
        path = self._folder / LOCK_NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise AnswerableError(
                f"cannot write to the index folder {self._folder}: {exc.strerror}"
            ) from exc
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise IndexLocked(
                f"the index {self._folder} is being written by process {holder}: "
                "try again when it is done"
            ) from exc
        self._file_descriptor = descriptor
        # The name is for people; a full disk must not keep documents from being removed.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go; the file stays, because removing it would let two writers hold two files."""
        if self._file_descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._file_descriptor, 0)
            os.close(self._file_descriptor)
            self._file_descriptor = None


@contextmanager
def training_alone(folder: Path) -> Iterator[bool]:
    """Hold the lock of the one process that trains for an index; yield False if another does.

    Raises:
        AnswerableError: the folder cannot be written to.
    """
    try:
        descriptor = os.open(
            folder / TRAINING_LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
    except OSError as exc:
        raise AnswerableError(f"cannot write to the index folder {folder}: {exc.strerror}") from exc
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
