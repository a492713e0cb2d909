"""Search over all vectors of an index, following what SQLite says.

What a search reads is one immutable snapshot: the bulk of the vectors as of some change, small
exact indexes of what was added since, and the ids deleted since. To follow the database a new
snapshot replaces the old one; a search under way keeps the one it began with. What FAISS holds is
never changed while others read it.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlite_utils import Database

from ..types import IndexManifest, ScoredPassage, Vectors
from .exact import BLOCK_ROWS, FlatVectors, MainVectors, StoredVectors, best_of, flat_index
from .generations import EXACT_LIMIT, is_of, open_generation
from .inverted_file import SUFFIX, VectorFileInvalid
from .selection import PassageIds, Selection, select
from .store import PassageStore
from .vector_log import (
    Generation,
    NumberedVectors,
    all_vectors,
    changes_after,
    count_vectors,
    generations,
    last_seq,
    vectors_of,
)

logger = logging.getLogger(__name__)

# More changes than this, and than a quarter of the main vectors, and these are read anew:
# searching what was added costs as much per vector as searching all of them exactly.
MAX_REPLAYED = 8192
# Without a file, up to so many vectors are read into memory: 0.3 GB of 384 numbers each.
MAX_IN_MEMORY = 4 * EXACT_LIMIT


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """All vectors as of change number ``seq``.

    Attributes:
        main_seq: the change number of ``main``; ``added`` and ``deleted`` came after it.
        generation: its file; None without one.
        added: further vectors, in few parts, each at least twice as large as the next.
        everything: the selection of all but the deleted ids.
    """

    seq: int
    main_seq: int
    generation: Generation | None
    main: MainVectors
    added: tuple[FlatVectors, ...]
    everything: Selection


class VectorIndex:
    """Finds the passages nearest to a vector.

    Attributes:
        is_cache_stale: whether the vector files were damaged or absent, so that the vectors
            came from the database and a writer should publish a new file.
        n_defects: how often that was found so far.
    """

    def __init__(self, store: PassageStore, folder: Path, manifest: IndexManifest) -> None:
        """Open the newest vector file that is sound and bring it up to date, or do without."""
        self._store = store
        self._folder = folder
        self._manifest = manifest
        self._refreshing = threading.Lock()
        self._damaged: set[int] = set()  # generations
        self.is_cache_stale = False
        self.n_defects = 0
        with store.reading() as db:
            self._snapshot = self._load(db)

    def search(self, vector: Vectors, k: int, permitted: PassageIds | None) -> list[ScoredPassage]:
        """Return the k passages of highest inner product with ``vector``, best first.

        Scores are exact. Among more than ``EXACT_LIMIT`` vectors some of the k may be missed.

        Args:
            vector: (dimension,) float32.
            k: most passages to return.
            permitted: passages to choose from, ascending ids, so that k of them are found if
                there are k; None for all.
        """
        if permitted is not None and not permitted.size:
            return []
        while True:
            snapshot = self._snapshot
            try:
                return _search(snapshot, np.asarray(vector, dtype=np.float32), k, permitted)
            except VectorFileInvalid as exc:
                self._do_without(snapshot, exc)

    def ids(self) -> PassageIds:
        """Return the ids of all passages that can be found, ascending."""
        snapshot = self._snapshot
        parts = [snapshot.main.ids(), *(part.ids() for part in snapshot.added)]
        ids = np.sort(np.concatenate(parts))
        return ids[~np.isin(ids, snapshot.everything.deleted)]

    def exact_search(self) -> Callable[[Vectors, int], list[ScoredPassage]]:
        """Read all vectors into memory; return a search that compares every one of them.

        It takes 4 bytes for each number, and sees neither filters nor later changes.
        """
        with self._store.reading() as db:
            flat = FlatVectors(flat_index(all_vectors(db, self._manifest.dimension)))
        everything = select(None, np.empty(0, dtype=np.int64))
        return lambda vector, k: flat.search(vector, k, everything)

    def is_behind(self) -> bool:
        """Say whether the database has changes that a search would not see."""
        with self._store.reading() as db:
            return last_seq(db) != self._snapshot.seq or self._is_superseded(db)

    def refresh(self) -> None:
        """Bring searches that start from now on up to date with the database."""
        with self._refreshing, self._store.reading() as db:
            snapshot = None if self._is_superseded(db) else self._replayed(db, self._snapshot)
            self._snapshot = snapshot or self._load(db)

    def _is_superseded(self, db: Database) -> bool:
        """Say whether newer inverted lists are there; opening them costs next to nothing."""
        newest = next(iter(generations(db)), None)
        return (
            newest is not None
            and newest.file.endswith(SUFFIX)
            and newest != self._snapshot.generation
            and newest.generation not in self._damaged
            and is_of(newest, self._manifest)
        )

    def _do_without(self, snapshot: _Snapshot, exc: VectorFileInvalid) -> None:
        """Replace a snapshot whose file turned out to be damaged."""
        with self._refreshing, self._store.reading() as db:
            if self._snapshot.main is not snapshot.main:
                return  # another search was faster
            if snapshot.generation:
                self._distrust(snapshot.generation, exc)
            self._snapshot = self._load(db)

    def _distrust(self, generation: Generation, exc: VectorFileInvalid) -> None:
        self.is_cache_stale = True
        self.n_defects += 1
        self._damaged.add(generation.generation)
        logger.warning(
            "vector file %s is not used (%s): the vectors are read from the database",
            generation.file,
            exc,
        )

    def _load(self, db: Database) -> _Snapshot:
        known = [one for one in generations(db) if is_of(one, self._manifest)]
        for generation in known:
            if generation.generation in self._damaged:
                continue
            try:
                main = open_generation(self._folder, generation, self._store)
            except VectorFileInvalid as exc:
                self._distrust(generation, exc)
                continue
            empty = _snapshot(generation.seq, generation, main)
            snapshot = self._replayed(db, empty)
            if snapshot is not None:
                self.is_cache_stale = generation != known[0]
                return snapshot
        return self._without_file(db)

    def _without_file(self, db: Database) -> _Snapshot:
        seq, n = last_seq(db), count_vectors(db)
        if seq > 0 and not self.is_cache_stale:
            self.is_cache_stale = True
            self.n_defects += 1
        dimension = self._manifest.dimension
        if n <= MAX_IN_MEMORY:
            return _snapshot(seq, None, FlatVectors(flat_index(all_vectors(db, dimension))))
        logger.warning(
            "no vector file holds the %d vectors of the index: until the next ingest has written "
            "one, each search reads all of them from the database",
            n,
        )
        return _snapshot(seq, None, StoredVectors(self._store, dimension, n))

    def _replayed(self, db: Database, old: _Snapshot) -> _Snapshot | None:
        """Return ``old`` with the changes since it; None when there are too many."""
        seq = last_seq(db)
        if seq == old.seq:
            return old
        limit = max(MAX_REPLAYED, old.main.n // 4)
        changes = changes_after(db, old.seq) if seq - old.main_seq <= limit else None
        if changes is None or isinstance(old.main, StoredVectors):
            return None
        added = old.added
        for first in range(0, len(changes.added), BLOCK_ROWS):
            ids = changes.added[first : first + BLOCK_ROWS]
            added = _with_part(added, vectors_of(db, ids, self._manifest.dimension))
        deleted = np.union1d(old.everything.deleted, np.array(changes.deleted, dtype=np.int64))
        return _Snapshot(
            seq=seq,
            main_seq=old.main_seq,
            generation=old.generation,
            main=old.main,
            added=added,
            everything=select(None, deleted),
        )


def _search(
    snapshot: _Snapshot, query: Vectors, k: int, permitted: PassageIds | None
) -> list[ScoredPassage]:
    selection = snapshot.everything
    if permitted is not None:
        selection = select(permitted, selection.deleted)
    parts = (snapshot.main, *snapshot.added)
    # By id: what is read from the database may be in a part of what was added, too.
    hits = {hit.passage_id: hit for part in parts for hit in part.search(query, k, selection)}
    return best_of(hits.values(), k)


def _snapshot(seq: int, generation: Generation | None, main: MainVectors) -> _Snapshot:
    return _Snapshot(seq, seq, generation, main, (), select(None, np.empty(0, dtype=np.int64)))


def _with_part(
    parts: tuple[FlatVectors, ...], numbered: NumberedVectors
) -> tuple[FlatVectors, ...]:
    """Return the parts with one more, joined with those that are not much larger."""
    if not len(numbered.ids):
        return parts
    new = FlatVectors(flat_index(numbered))
    while parts and parts[-1].n < 2 * new.n:
        new = _joined(parts[-1], new)
        parts = parts[:-1]
    return (*parts, new)


def _joined(first: FlatVectors, second: FlatVectors) -> FlatVectors:
    vectors = [part.index.index.reconstruct_n(0, part.n) for part in (first, second)]
    ids = np.concatenate([first.ids(), second.ids()])
    return FlatVectors(flat_index(NumberedVectors(ids, np.concatenate(vectors))))
