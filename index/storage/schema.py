"""The tables of an index and the numbered steps that make them.

``documents`` own ``passages``, ``pages`` and ``document_principals``; a passage owns its row in
``vectors``. Deleting a document deletes the rest by foreign key. Two things must never be
forgotten by a writer, so triggers keep them: the full-text index over passages, and
``changes``, the log from which a FAISS file is brought up to date.
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


MIGRATIONS: tuple[Migration, ...] = (_create_tables,)
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
