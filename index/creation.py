"""Is there an index in a folder, making an empty one, and keeping others out of it."""

import stat
from contextlib import suppress
from pathlib import Path

from .errors import AnswerableError, IndexDamaged
from .storage.database import DATABASE_NAME, log_of
from .storage.lock import WriterLock
from .storage.writer import create_database
from .types import IndexManifest

OTHERS = 0o077
"""The mode bits of everybody but the owner."""


def database_exists(folder: Path) -> bool:
    """Say whether ``folder`` has an index database, sound or not.

    Raises:
        AnswerableError: the folder may not be looked into.
    """
    try:
        return (folder / DATABASE_NAME).is_file()
    except OSError as exc:
        raise AnswerableError(f"cannot read {folder}: {exc.strerror}") from exc


def create_index(folder: Path, manifest: IndexManifest) -> None:
    """Make an empty index in a folder, and the folder; does nothing if there is one.

    Raises:
        IndexLocked: another process makes it.
        IndexDamaged: the folder holds the log of a database that is gone.
        AnswerableError: the folder cannot be made or written to.
    """
    database = folder / DATABASE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with WriterLock(folder):
            if database_exists(folder):  # another process was faster
                return
            log = log_of(database)
            if log.exists() and log.stat().st_size:
                # SQLite would replay it into whatever database has that name.
                raise IndexDamaged(f"{database} is missing but its log {log.name} is there")
            create_database(database, manifest)
    except OSError as exc:
        raise AnswerableError(f"cannot make the index folder {folder}: {exc.strerror}") from exc


def restrict(folder: Path) -> None:
    """Take a folder from everybody but its owner."""
    with suppress(OSError):
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~OTHERS)
