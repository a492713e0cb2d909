"""Reading vectors, and what happened to them, from SQLite.

Every vector added or deleted is a numbered line of the ``changes`` table, so an index in memory
that stands at number ``seq`` is brought up to date by the lines after it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from ..errors import IndexDamaged
from ..types import Vectors


@dataclass(frozen=True, slots=True)
class Generation:
    """A vector file on disk as the database knows it.

    Attributes:
        seq: number of the last change that it holds.
        n: vectors in it.
        sha256: of the file's bytes; for inverted lists of their header, which has the rest's.
        file: its name in the ``vectors`` folder; the suffix says which kind it is.
    """

    generation: int
    seq: int
    n: int
    dimension: int
    encoder_sha256: str
    sha256: str
    file: str


@dataclass(frozen=True, slots=True)
class NumberedVectors:
    """Passage ids, (n,) int64 ascending, and their vectors, (n, dimension) float32."""

    ids: npt.NDArray[np.int64]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed after some number: ids added and still there, ids deleted."""

    added: tuple[int, ...]
    deleted: tuple[int, ...]


def last_seq(db: Database) -> int:
    """Return the number of the last change; 0 for an index without any."""
    # Not max(seq): old lines are trimmed, the counter is not.
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    return int(row[0]) if row else 0


def changes_after(db: Database, seq: int) -> Changes | None:
    """Return the changes after number ``seq``; None when some of them were trimmed."""
    rows = db.execute("SELECT seq, op, passage_id FROM changes WHERE seq > ?", [seq]).fetchall()
    if len(rows) != last_seq(db) - seq:
        return None
    deleted = tuple(id_ for _, op, id_ in rows if op == "delete")
    gone = frozenset(deleted)
    added = tuple(id_ for _, op, id_ in rows if op == "add" and id_ not in gone)
    return Changes(added, deleted)


def generations(db: Database) -> list[Generation]:
    """Return the registered generations, newest first."""
    rows = db.query("SELECT * FROM generations ORDER BY generation DESC")
    return [Generation(**row) for row in rows]


def count_vectors(db: Database) -> int:
    """Return how many vectors the index holds."""
    (count,) = db.execute("SELECT count(*) FROM vectors").fetchone()
    return int(count)


def vector_ids(db: Database) -> npt.NDArray[np.int64]:
    """Return the ids of all passages that have a vector, ascending."""
    rows = db.execute("SELECT passage_id FROM vectors ORDER BY passage_id")
    return np.fromiter((id_ for (id_,) in rows), dtype=np.int64)


def all_vectors(db: Database, dimension: int) -> NumberedVectors:
    """Read every vector of the index."""
    rows = db.execute("SELECT passage_id, vector FROM vectors ORDER BY passage_id")
    return _numbered(rows, count_vectors(db), dimension)


def vectors_after(db: Database, passage_id: int, limit: int, dimension: int) -> NumberedVectors:
    """Read the next ``limit`` vectors, by id, after those up to ``passage_id``; fewer at the end.

    Each call may be its own transaction, so that a long read holds up no checkpoint.
    """
    rows = db.execute(
        "SELECT passage_id, vector FROM vectors WHERE passage_id > ? ORDER BY passage_id LIMIT ?",
        [passage_id, limit],
    )
    return _numbered(rows, limit, dimension)


def vectors_of(db: Database, passage_ids: Iterable[int], dimension: int) -> NumberedVectors:
    """Read the vectors of those of the passages that are stored; some ten thousand at a time."""
    rows = db.execute(
        "SELECT passage_id, vector FROM vectors "
        "WHERE passage_id IN (SELECT value FROM json_each(?)) ORDER BY passage_id",
        [json.dumps([int(id_) for id_ in passage_ids])],  # NumPy integers are not JSON
    ).fetchall()
    for passage_id, blob in rows:
        _check_width(passage_id, blob, dimension)
    ids = np.fromiter((id_ for id_, _ in rows), dtype=np.int64, count=len(rows))
    # All at once: this is in the path of every search.
    vectors = np.frombuffer(b"".join(blob for _, blob in rows), dtype="<f4")
    return NumberedVectors(ids, vectors.reshape(len(rows), dimension).astype(np.float32))


def _numbered(rows: Iterable[tuple[int, bytes]], limit: int, dimension: int) -> NumberedVectors:
    # Filled row by row: a list of all blobs beside the array would double the memory.
    ids = np.empty(limit, dtype=np.int64)
    vectors = np.empty((limit, dimension), dtype=np.float32)
    count = 0
    for passage_id, blob in rows:
        _check_width(passage_id, blob, dimension)
        ids[count] = passage_id
        vectors[count] = np.frombuffer(blob, dtype="<f4")  # little-endian on every machine
        count += 1
    return NumberedVectors(ids[:count], vectors[:count])


def _check_width(passage_id: int, blob: bytes, dimension: int) -> None:
    # NumPy would spread a single number over the row.
    if len(blob) != 4 * dimension:
        raise IndexDamaged(f"the stored vector of passage {passage_id} is not {dimension} wide")
