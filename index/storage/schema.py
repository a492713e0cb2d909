"""The tables of an index and the numbered steps that make them.

``documents`` own ``passages``, ``pages``, ``document_principals`` and ``document_metadata`` (the
``metadata`` column, flat, for filters); a passage owns its row in ``vectors``. Deleting a document
deletes the rest by foreign key. Three things must never be forgotten by a writer, so triggers keep
them: ``changes``, the log from which a FAISS file is brought up to date; ``removed_passages``, that
of the word files, which see what is new by its id; and ``document_changes``, that of what filters
look at, so that no cache is older.
"""

from collections.abc import Callable

from sqlite_utils import Database

Migration = Callable[[Database], None]

# Stemming finds "paying" for "pay"; level 2 strips every diacritic, composed or combining.
FTS_TOKENIZER = "porter unicode61 remove_diacritics 2"

_TABLES = """
CREATE TABLE manifest (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    uri TEXT NOT NULL,
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    n_chars INTEGER NOT NULL,
    text TEXT NOT NULL,
    modified_at TEXT,
    ingested_at TEXT NOT NULL,
    UNIQUE (collection, uri)
);

CREATE TABLE pages (
    document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    PRIMARY KEY (document_id, number)
) WITHOUT ROWID;

CREATE TABLE document_principals (
    document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    principal TEXT NOT NULL,
    PRIMARY KEY (document_id, principal)
) WITHOUT ROWID;

CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    title TEXT NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL,
    page INTEGER,
    UNIQUE (document_id, ordinal)
);

CREATE TABLE vectors (
    passage_id INTEGER PRIMARY KEY REFERENCES passages(id) ON DELETE CASCADE,
    vector BLOB NOT NULL
);

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    op TEXT NOT NULL CHECK (op IN ('add', 'delete')),
    passage_id INTEGER NOT NULL
);

CREATE TABLE generations (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    dimension INTEGER NOT NULL,
    encoder_sha256 TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    file TEXT NOT NULL
);
"""

_CHANGE_TRIGGERS = """
CREATE TRIGGER vectors_added AFTER INSERT ON vectors BEGIN
    INSERT INTO changes (op, passage_id) VALUES ('add', new.passage_id);
END;
CREATE TRIGGER vectors_deleted AFTER DELETE ON vectors BEGIN
    INSERT INTO changes (op, passage_id) VALUES ('delete', old.passage_id);
END;
"""


def _create_tables(db: Database) -> None:
    db.executescript(_TABLES)
    db.executescript(_CHANGE_TRIGGERS)
    # External content: the words live in ``passages`` only, once.
    db.table("passages").enable_fts(
        ["title", "heading", "text"], create_triggers=True, tokenize=FTS_TOKENIZER
    )


_FILTERS = """
ALTER TABLE documents ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';

CREATE TABLE document_metadata (
    path TEXT NOT NULL,
    value TEXT NOT NULL,
    document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
    PRIMARY KEY (path, value, document_id)
) WITHOUT ROWID;
CREATE INDEX metadata_of_document ON document_metadata (document_id);

CREATE INDEX documents_of_principal ON document_principals (principal, document_id);
CREATE INDEX documents_of_media_type ON documents (media_type);
CREATE INDEX documents_of_time ON documents (modified_at);

CREATE TABLE document_changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL
);
"""

_FILTER_TRIGGERS = "".join(
    f"""
CREATE TRIGGER {table}_{event} AFTER {event.upper()} ON {table} BEGIN
    INSERT INTO document_changes (document_id) VALUES ({row}.{column});
END;
"""
    for table, column in (
        ("documents", "id"),
        ("document_principals", "document_id"),
        ("document_metadata", "document_id"),
    )
    for event, row in (("insert", "new"), ("update", "new"), ("delete", "old"))
)


def _add_filters(db: Database) -> None:
    db.executescript(_FILTERS)
    db.executescript(_FILTER_TRIGGERS)


_WORDS = """
DROP TRIGGER passages_ai;
DROP TRIGGER passages_ad;
DROP TRIGGER passages_au;
DROP TABLE passages_fts;

CREATE TABLE removed_passages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    passage_id INTEGER NOT NULL
);
CREATE TRIGGER passages_removed AFTER DELETE ON passages BEGIN
    INSERT INTO removed_passages (passage_id) VALUES (old.id);
END;

CREATE TABLE word_generations (
    generation INTEGER PRIMARY KEY AUTOINCREMENT,
    last_passage INTEGER NOT NULL,
    removed_seq INTEGER NOT NULL,
    removed BLOB NOT NULL,
    files TEXT NOT NULL
);
"""


def _replace_word_index(db: Database) -> None:
    """Word search has its own files now (docs/adr/0004), made from ``passages`` when first used."""
    db.executescript(_WORDS)


MIGRATIONS: tuple[Migration, ...] = (_create_tables, _add_filters, _replace_word_index)
SCHEMA_VERSION = len(MIGRATIONS)


def stored_schema_version(db: Database) -> int:
    """Return the number of the last migration applied; 0 before the first."""
    if "migrations" not in db.table_names():
        return 0
    (version,) = db.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    return int(version)


def migrate(db: Database) -> None:
    """Apply the migrations that are missing; run it inside a transaction."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL)"
    )
    done = stored_schema_version(db)
    for number, migration in enumerate(MIGRATIONS[done:], start=done + 1):
        migration(db)
        db.table("migrations").insert({"number": number, "name": migration.__name__})
