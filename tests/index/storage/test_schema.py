"""Migrations: each once, in order, recorded, whole or not at all."""

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database

from answerable.index import Filters, IndexLocked, MetadataEquals
from answerable.index.local import LocalIndex, manifest_for
from answerable.index.storage import schema
from answerable.index.storage.lock import WriterLock
from answerable.index.storage.schema import SCHEMA_VERSION, migrate, stored_schema_version
from tests.fakes import HashEncoder
from tests.index.samples import contents, new_document, put


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


def _version_1(folder: Path, encoder: HashEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an index as version 1 did, with one document for all and one for HR."""
    manifest = manifest_for(encoder)
    path = folder / "index.sqlite3"
    folder.mkdir()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    db = Database(connection)
    with monkeypatch.context() as old:
        old.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        migrate(db)
    for key in ("encoder_name", "encoder_sha256", "dimension", "splitter_version"):
        db.execute("INSERT INTO manifest VALUES (?, ?)", [key, str(getattr(manifest, key))])
    for number, (text, principal) in enumerate(
        [("old leave rules", "public"), ("secret leave rules", "group:hr")], start=1
    ):
        db.execute(
            "INSERT INTO documents (collection, uri, title, media_type, content_sha256, "
            "size_bytes, n_chars, text, modified_at, ingested_at) "
            "VALUES ('default', ?, 'Rules', 'text/plain', '', 1, 1, ?, "
            "'2024-05-01T00:00:00+00:00', '')",
            [f"file:///{number}", text],
        )
        db.execute("INSERT INTO document_principals VALUES (?, ?)", [number, principal])
        db.execute(
            'INSERT INTO passages (document_id, ordinal, start, "end", title, heading, text) '
            "VALUES (?, 0, 0, ?, 'Rules', '', ?)",
            [number, len(text), text],
        )
        vector = encoder.encode([text])[0].astype("<f4").tobytes()
        db.execute("INSERT INTO vectors VALUES (?, ?)", [number, vector])
    connection.close()


def test_index_of_version_1_is_migrated_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Opening it is enough: both searches, every filter and further ingests work at once."""
    folder, encoder = tmp_path / "index", HashEncoder()
    _version_1(folder, encoder, monkeypatch)
    hr, nobody = Filters(principals=("group:hr",)), Filters(principals=())
    with (
        caplog.at_level(logging.INFO, "answerable"),
        LocalIndex.open(folder, encoder) as index,
    ):
        assert "tables changed from version 1 to 3" in caplog.text
        assert index.manifest.schema_version == SCHEMA_VERSION
        assert [h.passage_id for h in index.lexical_search(["leave"], 5, hr)] == [1, 2]
        assert [h.passage_id for h in index.lexical_search(["leave"], 5, nobody)] == [1]
        query = encoder.encode(["old leave rules"])[0]
        np.testing.assert_allclose(index.dense_search(query, 1, nobody)[0].score, 1.0, atol=1e-6)
        assert len(index.documents(Filters(since="2024-05-01T00:00:00+00:00"))) == 2
        assert index.documents(Filters())[0].metadata == {}
        new = new_document("file:///3", ["new leave"], metadata={"author": "Ann"})
        put(index, [new], encoder)
        by_ann = Filters(metadata=(MetadataEquals("author", "Ann"),))
        assert [h.passage_id for h in index.lexical_search(["leave"], 5, by_ann)] == [3]
        assert contents(index).words == contents(index).passages == [1, 2, 3]
        with index._store.reading() as db:
            assert not [name for name in db.table_names() if "fts" in name]
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_older_index_waits_for_its_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process writes, an older index is not changed under it."""
    folder, encoder = tmp_path / "index", HashEncoder()
    _version_1(folder, encoder, monkeypatch)
    with WriterLock(folder), pytest.raises(IndexLocked):
        LocalIndex.open(folder, encoder)
    with LocalIndex.open(folder, encoder) as index:
        assert index.stats().n_documents == 2
