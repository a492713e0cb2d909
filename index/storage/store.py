"""Reading documents and passages from SQLite, with who may see what inside every query."""

import json
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from ..types import (
    Document,
    DocumentInfo,
    Filters,
    IndexManifest,
    Metadata,
    Page,
    Passage,
    ScoredPassage,
    Vectors,
)
from .database import ReaderPool, damaged
from .rules import permitted
from .schema import stored_schema_version
from .vector_log import vectors_of

PassageIds = npt.NDArray[np.int64]

ADDRESSES_AT_ONCE = 10_000

_INFO_COLUMNS = """
d.id, d.uri, d.title, d.collection, d.media_type, d.content_sha256, d.size_bytes, d.n_chars,
(SELECT count(*) FROM passages p WHERE p.document_id = d.id) AS n_passages,
(SELECT json_group_array(principal) FROM document_principals a WHERE a.document_id = d.id)
    AS principals,
d.modified_at, d.ingested_at, d.metadata
"""
_PASSAGE_COLUMNS = 'p.id, p.document_id, p.start, p."end", p.text, p.heading, p.page, p.title'
_PASSAGES = "passages p JOIN documents d ON d.id = p.document_id"


@dataclass(frozen=True, slots=True)
class IndexStats:
    """How much an index holds.

    Attributes:
        n_chars: code points of all stored texts.
        size_bytes: the database with its log, and the vector files.
        last_ingested_at: ISO 8601 in UTC; None for an empty index.
    """

    n_documents: int
    n_passages: int
    n_chars: int
    collections: tuple[str, ...]
    size_bytes: int
    last_ingested_at: str | None


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What ingest needs to know of a document to see whether it changed."""

    document_id: int
    title: str
    media_type: str
    content_sha256: str
    principals: tuple[str, ...]
    metadata: Metadata = field(hash=False)


class PassageStore:
    """The read side of the index database; safe to use from any thread."""

    def __init__(self, path: Path) -> None:
        """Read from the database file at ``path``, which must exist when first asked."""
        self.path = path
        self._pool = ReaderPool(path)

    def reading(self) -> AbstractContextManager[Database]:
        """Lend a connection inside one read transaction."""
        return self._pool.reading()

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def manifest(self) -> IndexManifest:
        """Return what the index says of itself.

        Raises:
            IndexDamaged: the file is not an index database, or not a whole one.
        """
        with self.reading() as db:
            values = {row["key"]: row["value"] for row in db.query("SELECT * FROM manifest")}
            version = stored_schema_version(db)
        try:
            return IndexManifest(
                encoder_name=values["encoder_name"],
                encoder_sha256=values["encoder_sha256"],
                dimension=int(values["dimension"]),
                splitter_version=int(values["splitter_version"]),
                schema_version=version,
            )
        except (KeyError, ValueError) as exc:
            raise damaged(self.path, f"it does not say what it holds: {exc}") from exc

    def document_infos(self, document_ids: Sequence[int], filters: Filters) -> list[DocumentInfo]:
        """Return documents in the order asked; unknown and forbidden ones are left out."""
        infos = {info.id: info for info in self._infos(filters, document_ids)}
        return [infos[id_] for id_ in document_ids if id_ in infos]

    def documents(self, filters: Filters) -> list[DocumentInfo]:
        """Return all documents that the filters permit, by collection and address."""
        return list(self._infos(filters))

    def documents_after(self, document_id: int, limit: int, filters: Filters) -> list[DocumentInfo]:
        """Return the first ``limit`` documents permitted whose id is above ``document_id``."""
        condition, parameters = permitted(filters)
        query = (
            f"SELECT {_INFO_COLUMNS} FROM documents d WHERE d.id > ? AND {condition} "
            "ORDER BY d.id LIMIT ?"
        )
        with self.reading() as db:
            return [_info(row) for row in db.query(query, [document_id, *parameters, limit])]

    def collections(self, filters: Filters) -> list[tuple[str, int]]:
        """Return the collections of the documents permitted, by name, with how many each holds."""
        condition, parameters = permitted(filters)
        query = (
            f"SELECT collection, count(*) FROM documents d WHERE {condition} "
            "GROUP BY collection ORDER BY collection"
        )
        with self.reading() as db:
            return [(name, count) for name, count in db.execute(query, parameters)]

    def counters(self) -> tuple[tuple[str, int], ...]:
        """Return every counter of the database; each change of what can be found raises one."""
        with self.reading() as db:
            rows = db.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()
        return tuple((name, seq) for name, seq in rows)

    def _infos(
        self, filters: Filters, document_ids: Sequence[int] | None = None
    ) -> Iterator[DocumentInfo]:
        condition, parameters = permitted(filters)
        if document_ids is not None:
            condition += " AND d.id IN (SELECT value FROM json_each(?))"
            parameters.append(_json_ids(document_ids))
        query = f"SELECT {_INFO_COLUMNS} FROM documents d WHERE {condition}"
        with self.reading() as db:
            for row in db.query(f"{query} ORDER BY d.collection, d.uri", parameters):
                yield _info(row)

    def document(self, document_id: int, filters: Filters) -> Document | None:
        """Return a document with its text, or None when it is unknown or forbidden."""
        condition, parameters = permitted(filters)
        query = f"SELECT {_INFO_COLUMNS}, d.text FROM documents d WHERE d.id = ? AND {condition}"
        pages_query = 'SELECT number, start, "end" FROM pages WHERE document_id = ? ORDER BY number'
        with self.reading() as db:
            row = next(iter(db.query(query, [document_id, *parameters])), None)
            if row is None:
                return None
            pages = tuple(Page(**page) for page in db.query(pages_query, [document_id]))
        return Document(text=row.pop("text"), info=_info(row), pages=pages)

    def passages(self, passage_ids: Sequence[int], filters: Filters) -> list[Passage]:
        """Return passages in the order asked; unknown and forbidden ones are left out."""
        condition, parameters = permitted(filters)
        query = (
            f"SELECT {_PASSAGE_COLUMNS} FROM {_PASSAGES} "
            f"WHERE p.id IN (SELECT value FROM json_each(?)) AND {condition}"
        )
        with self.reading() as db:
            rows = db.query(query, [_json_ids(passage_ids), *parameters])
            found = {row["id"]: Passage(**row) for row in rows}
        return [found[id_] for id_ in passage_ids if id_ in found]

    def texts(self, db: Database, passage_ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
        """Return title, heading and text of passages that may be seen, inside a transaction."""
        rows = db.execute(
            "SELECT id, title, heading, text FROM passages "
            "WHERE id IN (SELECT value FROM json_each(?))",
            [_json_ids(passage_ids)],
        )
        return {id_: (title, heading, text) for id_, title, heading, text in rows}

    def sample(self, n: int, dimension: int) -> list[tuple[Passage, Vectors]]:
        """Return up to ``n`` passages of ids spread evenly, with their vectors (dimension,)."""
        with self.reading() as db:
            ids = [id_ for (id_,) in db.execute("SELECT passage_id FROM vectors")]
            chosen = ids[:: max(1, -(-len(ids) // n))]
            found = vectors_of(db, chosen, dimension)
        vectors = dict(zip(found.ids.tolist(), found.vectors, strict=True))
        return [(one, vectors[one.id]) for one in self.passages(list(vectors), Filters())]

    def still_permitted(
        self, hits: Sequence[ScoredPassage], filters: Filters
    ) -> list[ScoredPassage]:
        """Leave out hits whose passage is gone, or forbidden, by now."""
        condition, parameters = permitted(filters)
        ids = _json_ids(hit.passage_id for hit in hits)
        query = (
            f"SELECT p.id FROM {_PASSAGES} "
            f"WHERE p.id IN (SELECT value FROM json_each(?)) AND {condition}"
        )
        with self.reading() as db:
            seen = {id_ for (id_,) in db.execute(query, [ids, *parameters])}
        return [hit for hit in hits if hit.passage_id in seen]

    def stored_version(self, collection: str, uri: str) -> StoredVersion | None:
        """Return what is stored of the document at ``uri``, or None."""
        query = f"SELECT {_INFO_COLUMNS} FROM documents d WHERE d.collection = ? AND d.uri = ?"
        with self.reading() as db:
            for row in db.query(query, [collection, uri]):
                info = _info(row)
                return StoredVersion(
                    document_id=info.id,
                    title=info.title,
                    media_type=info.media_type,
                    content_sha256=info.content_sha256,
                    principals=info.principals,
                    metadata=info.metadata,
                )
        return None

    def addresses(self, collection: str) -> Iterator[tuple[int, str]]:
        """Yield id and address of a collection's documents, in the order of their ids."""
        last = 0
        while True:
            with self.reading() as db:
                rows: list[tuple[int, str]] = db.execute(
                    "SELECT id, uri FROM documents WHERE collection = ? AND id > ? "
                    "ORDER BY id LIMIT ?",
                    [collection, last, ADDRESSES_AT_ONCE],
                ).fetchall()
            yield from rows
            if len(rows) < ADDRESSES_AT_ONCE:
                return
            last = rows[-1][0]

    def stats(self) -> IndexStats:
        """Count what the index holds."""
        with self.reading() as db:
            n_documents, n_chars, last = db.execute(
                "SELECT count(*), coalesce(sum(n_chars), 0), max(ingested_at) FROM documents"
            ).fetchone()
            (n_passages,) = db.execute("SELECT count(*) FROM passages").fetchone()
            collections = db.execute("SELECT DISTINCT collection FROM documents ORDER BY 1")
            names = tuple(name for (name,) in collections)
        size_bytes = sum(map(_size_of, self.path.parent.rglob("*")))
        return IndexStats(n_documents, n_passages, n_chars, names, size_bytes, last)


def _size_of(path: Path) -> int:
    """Return a file's size in bytes; 0 for a folder, and for what a writer deleted meanwhile."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _json_ids(ids: Iterable[int]) -> str:
    # One bound parameter however many ids; int() because NumPy integers are not JSON.
    return json.dumps([int(id_) for id_ in ids])


def _info(row: dict[str, Any]) -> DocumentInfo:
    principals = tuple(sorted(json.loads(row.pop("principals"))))
    metadata = json.loads(row.pop("metadata"))
    return DocumentInfo(**row, principals=principals, metadata=metadata)
