"""The service's own database, beside the index: keys, uploads that wait, feedback.

Apart from the index, which only the holder of the writer lock may write. Here every process
writes, a few rows at a time, so it keeps a rollback journal: several writers on one write-ahead
log meet a defect of SQLite before 3.51.3 (https://sqlite.org/wal.html#walresetbug).
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DiskFull, ServiceDatabaseUnusable

DATABASE_NAME = "service.sqlite3"
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
"""What the system says of a disk without room, or of a user who may have no more of it."""
_BUSY_TIMEOUT_S = 10.0

_TABLES = """
CREATE TABLE keys (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    secret_sha256 BLOB NOT NULL,
    scopes TEXT NOT NULL,
    principals TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    last_used_at TEXT
);

CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('ingest', 'delete')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    finished_at TEXT,
    reason TEXT
);
CREATE INDEX jobs_of_owner ON jobs (owner, number);
CREATE INDEX jobs_of_state ON jobs (state, number);

CREATE TABLE job_documents (
    job INTEGER NOT NULL REFERENCES jobs(number) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    uri TEXT NOT NULL,
    state TEXT NOT NULL,
    document_id INTEGER,
    passages_done INTEGER NOT NULL DEFAULT 0,
    passages INTEGER,
    reason TEXT,
    content TEXT,
    PRIMARY KEY (job, position)
) WITHOUT ROWID;

CREATE TABLE feedback (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created_at TEXT NOT NULL,
    key_id TEXT,
    question TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('right', 'wrong', 'here')),
    document_uri TEXT NOT NULL,
    document_title TEXT NOT NULL,
    document_start INTEGER NOT NULL,
    answer TEXT,
    answer_start INTEGER,
    context TEXT NOT NULL,
    comment TEXT
);
"""
MIGRATIONS = (_TABLES,)


class ServiceDatabase:
    """Short transactions on the service's database; safe to use from any thread."""

    def __init__(self, folder: Path) -> None:
        """Use the database in the index folder ``folder``; nothing is opened or made yet."""
        self.path = folder.absolute() / DATABASE_NAME
        self._idle: list[sqlite3.Connection] = []  # list.append and list.pop are atomic

    @property
    def exists(self) -> bool:
        """Say whether anything was ever stored."""
        return self.path.exists()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; each statement sees what is committed by then."""
        with self._lent() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a write transaction, committed at the end of the block."""
        with self._lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop() if self._idle else self._opened()
            try:
                yield connection
            finally:
                self._idle.append(connection)
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as exc:
            if isinstance(exc, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            # Extended codes carry the primary code in the low byte.
            is_full = getattr(exc, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
            error = DiskFull if is_full else ServiceDatabaseUnusable
            raise error(f"the database {self.path} cannot be used: {exc}") from exc

    def _opened(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as exc:
            error = DiskFull if exc.errno in FULL_DISK else ServiceDatabaseUnusable
            raise error(f"cannot write {self.path}: {exc.strerror}") from exc
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection)
        return connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply the steps that are missing, each process waiting for the one that began."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in MIGRATIONS[_version(connection) :]:
            for statement in script.split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
