"""Exact search over the vectors, in memory, following what SQLite says.

What a search reads is one immutable snapshot: a FAISS index, a small second one with passages
added since, and the ids deleted since. To follow the database a new snapshot replaces the old
one; a search under way keeps the one it began with. FAISS is never changed while others read.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from ..types import IndexManifest, ScoredPassage, Vectors
from .generations import VectorFileInvalid, flat_index, read_generation
from .store import PassageIds, PassageStore
from .vector_log import all_vectors, changes_after, generations, last_seq, vectors_of

logger = logging.getLogger(__name__)

# More changes than this since the main index was read, and it is read anew. The second index is
# rebuilt at each change, so it must stay small; searching it costs the same per vector.
MAX_REPLAYED = 8192


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """All vectors as of change number ``seq``.

    Attributes:
        main_seq: the change number of ``main``; ``added`` and ``deleted`` came after it.
        added: a second index, or None when nothing was added.
    """

    seq: int
    main_seq: int
    main: faiss.IndexIDMap2
    added: faiss.IndexIDMap2 | None
    deleted: frozenset[int]


class VectorIndex:
    """Finds the passages nearest to a vector.

    Attributes:
        is_cache_stale: whether the vector files were damaged or absent, so that the vectors
            came from the database and a writer should publish a new file.
    """

    def __init__(self, store: PassageStore, folder: Path, manifest: IndexManifest) -> None:
        """Load the newest vector file that is sound and bring it up to date, or rebuild it."""
        self._store = store
        self._folder = folder
        self._manifest = manifest
        self._refreshing = threading.Lock()
        self.is_cache_stale = False
        with store.reading() as db:
            self._snapshot = self._load(db)

    def search(self, vector: Vectors, k: int, permitted: PassageIds | None) -> list[ScoredPassage]:
        """Return the k passages of highest inner product with ``vector``, best first.

        Args:
            vector: (dimension,) float32.
            k: most passages to return.
            permitted: passages to choose from, so that k of them are found if there are k;
                None for all.
        """
        if permitted is not None and not permitted.size:
            return []
        snapshot = self._snapshot
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        hits = _search(snapshot.main, query, k, _selector(permitted, snapshot.deleted))
        if snapshot.added is not None:
            hits += _search(snapshot.added, query, k, _selector(permitted, frozenset()))
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))[:k]

    def ids(self) -> PassageIds:
        """Return the ids of all passages that can be found, ascending."""
        snapshot = self._snapshot
        parts = [faiss.vector_to_array(snapshot.main.id_map)]
        if snapshot.added is not None:
            parts.append(faiss.vector_to_array(snapshot.added.id_map))
        ids = np.sort(np.concatenate(parts))
        return ids[~np.isin(ids, list(snapshot.deleted))]

    def is_behind(self) -> bool:
        """Say whether the database has changes that a search would not see."""
        with self._store.reading() as db:
            return last_seq(db) != self._snapshot.seq

    def refresh(self) -> None:
        """Bring searches that start from now on up to date with the database."""
        with self._refreshing, self._store.reading() as db:
            self._snapshot = self._replayed(db, self._snapshot) or self._load(db)

    def _load(self, db: Database) -> _Snapshot:
        known = generations(db)
        for generation in known:
            if (generation.encoder_sha256, generation.dimension) != (
                self._manifest.encoder_sha256,
                self._manifest.dimension,
            ):
                continue
            try:
                main = read_generation(self._folder, generation)
            except VectorFileInvalid as exc:
                self.is_cache_stale = True
                logger.warning(
                    "vector file %s is not used (%s): the vectors are read from the database",
                    generation.file,
                    exc,
                )
                continue
            empty = _Snapshot(generation.seq, generation.seq, main, None, frozenset())
            snapshot = self._replayed(db, empty)
            if snapshot is not None:
                return snapshot
        return self._rebuilt(db)

    def _rebuilt(self, db: Database) -> _Snapshot:
        seq = last_seq(db)
        self.is_cache_stale = self.is_cache_stale or seq > 0
        main = flat_index(all_vectors(db, self._manifest.dimension))
        return _Snapshot(seq, seq, main, None, frozenset())

    def _replayed(self, db: Database, old: _Snapshot) -> _Snapshot | None:
        """Return ``old`` with the changes since its main index; None when they are too many."""
        seq = last_seq(db)
        if seq == old.seq:
            return old
        changes = changes_after(db, old.main_seq) if seq - old.main_seq <= MAX_REPLAYED else None
        if changes is None:
            return None
        added = vectors_of(db, changes.added, self._manifest.dimension)
        return _Snapshot(
            seq=seq,
            main_seq=old.main_seq,
            main=old.main,
            added=flat_index(added) if len(added.ids) else None,
            deleted=frozenset(changes.deleted),
        )


def _selector(permitted: PassageIds | None, deleted: frozenset[int]) -> faiss.IDSelector | None:
    if permitted is not None:
        gone = np.fromiter(deleted, dtype=np.int64)
        return faiss.IDSelectorBatch(permitted[~np.isin(permitted, gone)])
    if deleted:
        return faiss.IDSelectorNot(faiss.IDSelectorBatch(np.fromiter(deleted, dtype=np.int64)))
    return None


def _search(
    index: faiss.IndexIDMap2,
    query: npt.NDArray[np.float32],
    k: int,
    selector: faiss.IDSelector | None,
) -> list[ScoredPassage]:
    k = min(k, index.ntotal)
    if k < 1:
        return []
    # FAISS's own stubs do not know the keyword that its Python wrapper adds.
    parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
    with _one_thread():
        scores, ids = index.search(query, k, params=parameters)
    # FAISS fills up with id -1 where it found fewer than k.
    return [
        ScoredPassage(int(id_), float(score))
        for id_, score in zip(ids[0], scores[0], strict=True)
        if id_ >= 0
    ]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep FAISS from waking other threads, which a flat search of one query has no work for.

    Measured on two busy cores, 256 vectors: 0.14 ms instead of 17 to 68 ms.
    """
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
