"""The writer lock: one process writes an index at a time, any number read it."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ..errors import AnswerableError, IndexLocked

LOCK_NAME = "writer.lock"


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
