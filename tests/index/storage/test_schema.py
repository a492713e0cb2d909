"""Migrations: each once, in order, recorded, whole or not at all."""

import sqlite3
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from answerable.index.storage import schema
from answerable.index.storage.schema import SCHEMA_VERSION, migrate, stored_schema_version


@pytest.fixture
def db() -> Iterator[Database]:
    """An empty database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield Database(connection)
    connection.close()


def test_each_migration_once_and_recorded(db: Database) -> None:
    """A second run does nothing; the table says what was applied."""
    assert stored_schema_version(db) == 0
    for _ in range(2):
        migrate(db)
        recorded = [(row["number"], row["name"]) for row in db.table("migrations").rows]
        names = [migration.__name__ for migration in schema.MIGRATIONS]
        assert recorded == list(enumerate(names, start=1))
        assert stored_schema_version(db) == SCHEMA_VERSION


def test_only_missing_migrations_run(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older database gets what came after it."""

    def later(db: Database) -> None:
        db.execute("CREATE TABLE later (x)")

    migrate(db)
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, later))
    migrate(db)
    assert stored_schema_version(db) == SCHEMA_VERSION + 1
    assert "later" in db.table_names()


def test_rolled_back_whole(db: Database) -> None:
    """Inside a transaction that is rolled back, no table remains."""
    db.execute("BEGIN IMMEDIATE")
    migrate(db)
    db.execute("ROLLBACK")
    assert db.table_names() == []


def test_changes_are_logged_by_triggers(db: Database) -> None:
    """Deleting a document logs the deletion of its vector, through two foreign keys."""
    migrate(db)
    db.execute("PRAGMA foreign_keys = ON")
    blank = dict.fromkeys(("collection", "uri", "title", "media_type", "content_sha256"), "")
    sizes = {"size_bytes": 0, "n_chars": 0, "text": "", "ingested_at": ""}
    db.table("documents").insert({"id": 1, **blank, **sizes})
    span = {
        "ordinal": 0,
        "start": 0,
        "end": 0,
        "title": "",
        "heading": "",
        "text": "",
        "page": None,
    }
    db.table("passages").insert({"id": 5, "document_id": 1, **span})
    db.table("vectors").insert({"passage_id": 5, "vector": b""})
    db.execute("DELETE FROM documents")
    logged = db.execute("SELECT seq, op, passage_id FROM changes").fetchall()
    assert logged == [(1, "add", 5), (2, "delete", 5)]
