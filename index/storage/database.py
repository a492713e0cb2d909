"""SQLite connections: how they are opened, shared between threads, and how they fail.

Readers are read-only and borrow a connection for one transaction at a time, so each sees one
snapshot whatever a writer does meanwhile. Only the holder of the writer lock opens a writing
connection. Connections must not cross a fork: open the index after it.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from ..errors import AnswerableError, IndexDamaged, IndexLocked

DATABASE_NAME = "index.sqlite3"
BUSY_TIMEOUT_S = 10.0
# Keeps a WAL that one large transaction blew up from staying large.
JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024
_HEADER_BYTES = 100

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NOT_OUR_FILE = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file into ours; programming errors pass through."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
        raise
    except sqlite3.Error as exc:
        # Extended codes carry the primary code in the low byte; a text that is not UTF-8 has none.
        code = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _BUSY:
            raise IndexLocked(f"the index {path.parent} is busy: another process writes") from exc
        if code in _NOT_OUR_FILE:
            raise AnswerableError(
                f"the index database {path} cannot be used ({exc}): check the free space of its "
                "disk, and that you may write to its folder"
            ) from exc
        raise damaged(path, exc) from exc


def check_length(path: Path) -> None:
    """Refuse a database file that was cut off, before SQLite sees it.

    It would take a page that ends early for zeros, and delete the log beside an empty file. A
    disk that fills up while the log is folded in leaves such a page too, but in the log whole.

    Raises:
        IndexDamaged: it was cut off.
        AnswerableError: it cannot be read.
    """
    try:
        logged = _logged_pages(log_of(path))
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
            size_bytes = file.seek(0, os.SEEK_END)
    except OSError as exc:
        raise AnswerableError(f"cannot read {path}: {exc.strerror}") from exc
    page_bytes = int.from_bytes(header[16:18], "big")  # 1 stands for 65,536
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    if len(header) < _HEADER_BYTES or (
        page_bytes and size_bytes % page_bytes and size_bytes // page_bytes + 1 not in logged
    ):
        raise damaged(path, "it is cut off")


def log_of(path: Path) -> Path:
    """Return where SQLite keeps the write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def _logged_pages(log: Path) -> set[int]:
    """Return the numbers of the pages that a write-ahead log holds.

    Source: "WAL File Format", https://sqlite.org/fileformat2.html#walformat
    """
    pages: set[int] = set()
    if not log.exists():
        return pages
    with log.open("rb") as file:
        header = file.read(32)
        page_bytes, salts = int.from_bytes(header[8:12], "big"), header[16:24]
        # A frame with other salts is left over from before the log was last folded in.
        while len(frame := file.read(24)) == 24 and frame[8:16] == salts:
            pages.add(int.from_bytes(frame[:4], "big"))
            file.seek(page_bytes, os.SEEK_CUR)
    return pages


def damaged(path: Path, reason: object) -> IndexDamaged:
    """Return the error for a database file that cannot be read as an index."""
    return IndexDamaged(
        f"the index database {path} is damaged ({reason}); it was left as it is: "
        "restore it from a backup, or remove the folder and ingest again"
    )


def open_reader(path: Path) -> Database:
    """Open a read-only connection; it never checkpoints, which is the writer's job."""
    conn = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # borrowed by one thread at a time
    )
    return _configured(conn, "PRAGMA query_only = ON", "PRAGMA wal_autocheckpoint = 0")


def open_writer(path: Path) -> Database:
    """Open the writing connection; a commit is on the disk when it returns."""
    conn = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    return _configured(
        conn,
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}",
    )


def _configured(conn: sqlite3.Connection, *pragmas: str) -> Database:
    try:
        # Plugins of a user's own sqlite-utils have no business in an index.
        db = Database(conn, execute_plugins=False)
        for pragma in pragmas:
            conn.execute(pragma)
    except sqlite3.Error:
        conn.close()
        raise
    return db


def last_number(db: Database, table: str) -> int:
    """Return the last number that a table with a counter gave; 0 before the first."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table]).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def transaction(db: Database, path: Path) -> Iterator[Database]:
    """Run a block in one write transaction: all of it is committed, or nothing."""
    with translated_errors(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            # SQLite has already rolled back by itself after some errors, a full disk for one.
            if db.conn.in_transaction:
                db.execute("ROLLBACK")
            raise


class ReaderPool:
    """Read-only connections to one database, lent to any thread for one transaction.

    A pool, not a connection per thread: a server's threads come and go, and those of a dead
    thread would stay open.
    """

    def __init__(self, path: Path) -> None:
        """Open nothing yet; the first reader does."""
        self.path = path
        self._idle: list[Database] = []  # list.append and list.pop are atomic
        self._is_closed = False

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """Lend a connection inside a read transaction: one snapshot of the index."""
        with translated_errors(self.path):
            db = self._idle.pop() if self._idle else open_reader(self.path)
            try:
                db.execute("BEGIN")
                yield db
            finally:
                if db.conn.in_transaction:
                    db.execute("ROLLBACK")
                self._give_back(db)

    def _give_back(self, db: Database) -> None:
        if self._is_closed:
            db.close()
        else:
            self._idle.append(db)

    def close(self) -> None:
        """Close idle connections now and lent ones when they come back."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()
