"""Reading vectors, and what happened to them, from SQLite.

Every vector added or deleted is a numbered line of the ``changes`` table, so an index in memory
that stands at number ``seq`` is brought up to date by the lines after it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from ..errors import IndexDamaged
from ..types import Vectors


@dataclass(frozen=True, slots=True)
class Generation:
    """A FAISS file on disk as the database knows it.

    Attributes:
        seq: number of the last change that it holds.
        n: vectors in it.
        sha256: of the file's bytes.
        file: its name in the ``vectors`` folder.
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


def all_vectors(db: Database, dimension: int) -> NumberedVectors:
    """Read every vector of the index."""
    (count,) = db.execute("SELECT count(*) FROM vectors").fetchone()
    rows = db.execute("SELECT passage_id, vector FROM vectors ORDER BY passage_id")
    return _numbered(rows, count, dimension)


def vectors_of(db: Database, passage_ids: Sequence[int], dimension: int) -> NumberedVectors:
    """Read the vectors of passages that are all stored."""
    rows = db.execute(
        "SELECT passage_id, vector FROM vectors "
        "WHERE passage_id IN (SELECT value FROM json_each(?)) ORDER BY passage_id",
        [json.dumps(passage_ids)],
    )
    return _numbered(rows, len(passage_ids), dimension)


def _numbered(rows: Iterable[tuple[int, bytes]], count: int, dimension: int) -> NumberedVectors:
    # Filled row by row: a list of all blobs beside the array would double the memory.
    ids = np.empty(count, dtype=np.int64)
    vectors = np.empty((count, dimension), dtype=np.float32)
    for i, (passage_id, blob) in enumerate(rows):
        # NumPy would spread a single number over the row.
        if len(blob) != 4 * dimension:
            raise IndexDamaged(f"the stored vector of passage {passage_id} is not {dimension} wide")
        ids[i] = passage_id
        vectors[i] = np.frombuffer(blob, dtype="<f4")  # little-endian on every machine
    return NumberedVectors(ids, vectors)
