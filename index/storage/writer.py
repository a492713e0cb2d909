"""Writing documents to SQLite: each call is one transaction, on the disk when it returns."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from ..metadata import metadata_json, metadata_pairs
from ..types import CutPassage, IndexManifest, Metadata, NewDocument, Page, Vectors
from .database import last_number, open_writer, transaction, translated_errors
from .durable import TEMPORARY_PREFIX, rename_durably, temporary_name
from .schema import migrate
from .vector_log import Generation
from .word_log import WordGeneration, put_word_generation

logger = logging.getLogger(__name__)

# Lines of ``document_changes`` that are kept; more than are ever followed one by one.
KEPT_CHANGES = 50_000


@dataclass(frozen=True, slots=True)
class Recut:
    """New passages, and their vectors, for a document that is stored already.

    Attributes:
        vectors: (n_passages, dimension) float32.
    """

    document_id: int
    title: str
    passages: tuple[CutPassage, ...]
    vectors: Vectors


class StoreWriter:
    """The write side of the index database; made by whoever holds the writer lock."""

    def __init__(self, path: Path) -> None:
        """Open the writing connection and bring the tables up to date."""
        self._path = path
        self._is_together = False
        with translated_errors(path):
            self._db = open_writer(path)
        try:
            with transaction(self._db, path) as db:
                migrate(db)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Fold the write-ahead log into the database, as far as readers let it, and close."""
        try:
            # Readers cannot do it, so without this a log would outlive every process. Not worth
            # waiting for: the next writer does what is left.
            self._db.execute("PRAGMA busy_timeout = 0")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as exc:
            logger.info("the log of %s was not folded in: %s", self._path, exc)
        finally:
            self._db.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all that is written in the block: one wait for the disk."""
        with transaction(self._db, self._path):
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    @contextmanager
    def _transaction(self) -> Iterator[Database]:
        if self._is_together:
            yield self._db
            return
        with transaction(self._db, self._path) as db:
            yield db

    def describe(self, manifest: IndexManifest) -> None:
        """Store what the index says of itself."""
        with self._transaction() as db:
            _put_manifest(db, manifest)

    def put(self, documents: Sequence[NewDocument], vectors: Vectors) -> None:
        """Store documents, replacing what is stored of the same collection and address.

        Args:
            documents: at most one for each collection and address.
            vectors: (n_passages, dimension) float32, of the passages of all the documents in turn.
        """
        first = 0
        with self._transaction() as db:
            for document in documents:
                document_id = _put_row(db, document)
                _put_principals(db, document_id, document.principals)
                _put_metadata_pairs(db, document_id, document.metadata)
                _put_pages(db, document_id, document.pages)
                last = first + len(document.passages)
                recut = Recut(document_id, document.title, document.passages, vectors[first:last])
                _put_passages(db, recut)
                first = last
            _trim_changes(db)

    def set_principals(self, document_id: int, principals: Iterable[str]) -> None:
        """Change who may see a document."""
        with self._transaction() as db:
            _put_principals(db, document_id, principals)

    def set_metadata(self, document_id: int, metadata: Metadata) -> None:
        """Change what is known of a document.

        Raises:
            MetadataInvalid: it is not a JSON object, or too large.
        """
        with self._transaction() as db:
            text = metadata_json(metadata)
            db.execute("UPDATE documents SET metadata = ? WHERE id = ?", [text, document_id])
            _put_metadata_pairs(db, document_id, metadata)

    def remove(self, document_ids: Iterable[int]) -> int:
        """Delete documents with all that hangs on them; return how many there were."""
        with self._transaction() as db:
            return sum(
                db.execute("DELETE FROM documents WHERE id = ?", [id_]).rowcount
                for id_ in document_ids
            )

    def replace_all_passages(self, recuts: Iterable[Recut], manifest: IndexManifest) -> None:
        """Give the documents new passages and the index a new manifest, all in one transaction.

        Readers see the old index until the end; a failure on the way leaves it as it was.
        """
        with self._transaction() as db:
            db.table("generations").delete_where()
            for recut in recuts:
                _put_passages(db, recut)
            _put_manifest(db, manifest)

    def register(self, generation: Generation, keep: int) -> None:
        """Record a vector file that is on the disk; forget all but the newest ``keep``.

        Changes that even the oldest one kept already holds are trimmed with it.
        """
        row = asdict(generation)
        del row["generation"]  # the table counts them
        with self._transaction() as db:
            db.table("generations").insert(row)
            db.execute(
                "DELETE FROM generations WHERE generation NOT IN "
                "(SELECT generation FROM generations ORDER BY generation DESC LIMIT ?)",
                [keep],
            )
            db.execute("DELETE FROM changes WHERE seq <= (SELECT min(seq) FROM generations)")

    def register_words(self, generation: WordGeneration, keep: int) -> None:
        """Record word files that are on the disk; forget all but the newest ``keep`` generations."""
        with self._transaction() as db:
            put_word_generation(db, generation, keep)


def create_database(path: Path, manifest: IndexManifest) -> None:
    """Make an empty index database; it appears at ``path`` whole, or not at all."""
    # Leftovers of a crash, with their logs: the caller holds the writer lock.
    for leftover in path.parent.glob(f"{TEMPORARY_PREFIX}*"):
        leftover.unlink()
    temporary = path.with_name(temporary_name())
    writer = StoreWriter(temporary)
    try:
        writer.describe(manifest)
    finally:
        writer.close()
    rename_durably(temporary, path)


def _put_manifest(db: Database, manifest: IndexManifest) -> None:
    values = asdict(manifest)
    del values["schema_version"]  # counted by the migrations
    rows = [{"key": key, "value": str(value)} for key, value in values.items()]
    db.table("manifest").insert_all(rows, replace=True)


# Plain SQL from here on: this runs once for each document, where sqlite-utils would look up the
# schema each time and take ten times as long.


def _put_row(db: Database, document: NewDocument) -> int:
    """Insert or update the document's own row and return its id, which never changes."""
    key = (document.collection, document.uri)
    values = {
        "title": document.title,
        "media_type": document.media_type,
        "content_sha256": document.content_sha256,
        "size_bytes": document.size_bytes,
        "n_chars": len(document.text),
        "text": document.text,
        "modified_at": document.modified_at,
        "ingested_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "metadata": metadata_json(document.metadata),
    }
    row = db.execute("SELECT id FROM documents WHERE collection = ? AND uri = ?", key).fetchone()
    if row is None:
        names = ", ".join(("collection", "uri", *values))
        marks = ", ".join("?" * (2 + len(values)))
        added = db.execute(
            f"INSERT INTO documents ({names}) VALUES ({marks})", (*key, *values.values())
        )
        return int(added.lastrowid or 0)
    changes = ", ".join(f"{name} = ?" for name in values)
    db.execute(f"UPDATE documents SET {changes} WHERE id = ?", (*values.values(), row[0]))
    return int(row[0])


def _put_principals(db: Database, document_id: int, principals: Iterable[str]) -> None:
    db.execute("DELETE FROM document_principals WHERE document_id = ?", [document_id])
    db.conn.executemany(
        "INSERT INTO document_principals (document_id, principal) VALUES (?, ?)",
        [(document_id, name) for name in sorted(set(principals))],
    )


def _put_metadata_pairs(db: Database, document_id: int, metadata: Metadata) -> None:
    db.execute("DELETE FROM document_metadata WHERE document_id = ?", [document_id])
    db.conn.executemany(
        "INSERT INTO document_metadata (path, value, document_id) VALUES (?, ?, ?)",
        [(path, value, document_id) for path, value in metadata_pairs(metadata)],
    )


def _put_pages(db: Database, document_id: int, pages: Iterable[Page]) -> None:
    db.execute("DELETE FROM pages WHERE document_id = ?", [document_id])
    db.conn.executemany(
        'INSERT INTO pages (document_id, number, start, "end") VALUES (?, ?, ?, ?)',
        [(document_id, page.number, page.start, page.end) for page in pages],
    )


def _put_passages(db: Database, recut: Recut) -> None:
    """Replace a document's passages and vectors; triggers see to the logs."""
    db.execute("DELETE FROM passages WHERE document_id = ?", [recut.document_id])
    # The counter only grows, so an id is never given twice, even after a delete.
    first = last_number(db, "passages") + 1
    db.conn.executemany(
        'INSERT INTO passages (id, document_id, ordinal, start, "end", title, heading, text, page) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                first + ordinal,
                recut.document_id,
                ordinal,
                cut.start,
                cut.end,
                recut.title,
                cut.heading,
                cut.text,
                cut.page,
            )
            for ordinal, cut in enumerate(recut.passages)
        ],
    )
    db.conn.executemany(
        "INSERT INTO vectors (passage_id, vector) VALUES (?, ?)",
        [
            (first + ordinal, vector.astype("<f4").tobytes())
            for ordinal, vector in enumerate(recut.vectors)
        ],
    )


def _trim_changes(db: Database) -> None:
    """Forget the older changes of documents; who last looked before them reads all anew."""
    last = last_number(db, "document_changes")
    db.execute("DELETE FROM document_changes WHERE seq <= ?", [last - KEPT_CHANGES])
