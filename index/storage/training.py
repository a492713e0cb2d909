"""Making inverted lists: centroids from a sample, codes of all, and how many lists to read.

Vectors are read from the database in blocks, so that memory is bounded by the codes and the
sample. Nothing here needs the writer lock; ``brought_up_to_date`` mends what changed meanwhile.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import faiss
import numpy as np
import numpy.typing as npt

from ..types import Vectors
from .exact import BLOCK_ROWS
from .inverted import (
    Codes,
    InvertedLists,
    Tuning,
    add_list,
    encode,
    faiss_index,
    in_list_order,
    search_lists,
)
from .selection import PassageIds
from .store import PassageStore
from .vector_log import NumberedVectors, vector_ids, vectors_after, vectors_of

logger = logging.getLogger(__name__)

SAMPLES_PER_LIST = 32
K_MEANS_ROUNDS = 10

# A search reads ALLOWANCE times as many lists as hold this share of the true 10 nearest of the
# sampled queries. Measured on 30,646 real paragraphs: these need 0.145 of all lists for it, and
# real questions 0.249 for 0.99 of theirs, 1.7 times as many. On a million grown vectors: 0.031
# and 0.076, 2.4 times as many.
SAMPLED_SHARE = 0.985
ALLOWANCE = 2.8
# Of what the lists hold, so much may be lost by looking up too few of the nearest codes. Codes
# around questions lie closer together than around sampled queries, hence the least number.
MAX_LOST = 0.002
RESCORED = (100, 130, 160, 200, 260, 320, 400)
N_QUERIES = 1000
K = 10
# A sampled query is the mean of a stored vector and its nearest in the sample, turned towards
# another one to this cosine. Single vectors are no model: the lonely ones among them have
# neighbours in a third of all lists, and nobody asks about what nothing is near to.
AVERAGED = 2
QUERY_COSINE = 0.75


@dataclass(frozen=True, slots=True)
class _Coded:
    """All vectors as codes, in the order in which they were read."""

    ids: PassageIds
    lists: npt.NDArray[np.int64]
    codes: Codes


class TrainingStopped(Exception):
    """Training was told to stop; what it did is lost."""


def trained_lists(
    store: PassageStore, dimension: int, should_stop: Callable[[], bool] = lambda: False
) -> InvertedLists | None:
    """Make inverted lists of all vectors and tune the search; None when there are no vectors.

    Args:
        store: whose vectors.
        dimension: of these.
        should_stop: asked every few seconds of work.

    Raises:
        TrainingStopped: ``should_stop`` said so.
    """
    started = time.monotonic()
    with store.reading() as db:
        ids = vector_ids(db)
    random = np.random.default_rng(len(ids))
    n_lists = lists_for(len(ids))
    sample = _sample(store, ids, random, SAMPLES_PER_LIST * n_lists, dimension)
    if len(sample) < n_lists:
        return None
    queries = _queries(sample, random)
    index = faiss_index(_centroids(sample, n_lists, should_stop))
    del sample
    nearest = _Nearest(queries)
    coded = _coded(store, index, dimension, nearest, should_stop)
    centroids = index.quantizer.reconstruct_n(0, n_lists)
    untuned = Tuning(n_lists, RESCORED[-1], 1.0, len(coded.ids), 0)
    lists = in_list_order(centroids, coded.lists, coded.ids, coded.codes, untuned)
    _fill(index, lists)
    tuning = _tuned(index, lists, queries, coded, nearest.rows)
    logger.info(
        "%d vectors in %d lists, %d read by a search, recall %.4f on samples, %.0f s",
        len(lists.ids),
        n_lists,
        tuning.n_probed,
        tuning.recall,
        time.monotonic() - started,
    )
    return replace(lists, tuning=tuning)


def brought_up_to_date(lists: InvertedLists, store: PassageStore) -> InvertedLists:
    """Return lists of exactly the vectors that are stored now, with the same centroids.

    It compares ids, not logs: the vector of an id never changes.
    """
    with store.reading() as db:
        stored = vector_ids(db)
    kept = np.isin(lists.ids, stored, assume_unique=True)
    added = np.setdiff1d(stored, lists.ids, assume_unique=True)
    if kept.all() and not added.size:
        return lists
    index = faiss_index(lists.centroids)
    numbers = np.repeat(np.arange(len(lists.sizes)), lists.sizes)
    parts = [_Coded(lists.ids[kept], numbers[kept], lists.codes[kept])]
    for first in range(0, len(added), BLOCK_ROWS):
        with store.reading() as db:
            block = vectors_of(db, added[first : first + BLOCK_ROWS], lists.centroids.shape[1])
        parts.append(_Coded(block.ids, *encode(index, block.vectors)))
    coded = _joined(parts)
    n_changed = lists.tuning.n_changed + len(added) + int((~kept).sum())
    tuning = replace(lists.tuning, n_changed=n_changed)
    return in_list_order(lists.centroids, coded.lists, coded.ids, coded.codes, tuning)


def lists_for(n: int) -> int:
    """Return how many lists suit n vectors: the power of two nearest to 4 times the root of n."""
    return int(2 ** np.clip(np.round(np.log2(4 * np.sqrt(max(n, 1)))), 4, 16))


def _sample(
    store: PassageStore,
    ids: PassageIds,
    random: np.random.Generator,
    size: int,
    dimension: int,
) -> Vectors:
    chosen = np.sort(random.choice(ids, min(size, len(ids)), replace=False))
    blocks = [np.empty((0, dimension), dtype=np.float32)]
    for first in range(0, len(chosen), BLOCK_ROWS):
        with store.reading() as db:
            blocks.append(vectors_of(db, chosen[first : first + BLOCK_ROWS], dimension).vectors)
    return np.concatenate(blocks)


def _centroids(sample: Vectors, n_lists: int, should_stop: Callable[[], bool]) -> Vectors:
    centroids = None
    for _ in range(K_MEANS_ROUNDS):
        _check(should_stop)
        # Round by round, so that it can be stopped; the same as all rounds at once.
        clustering = faiss.Kmeans(
            sample.shape[1],
            n_lists,
            niter=1,
            seed=1,
            spherical=True,
            min_points_per_centroid=1,  # else it writes a warning to standard error
            max_points_per_centroid=SAMPLES_PER_LIST,
        )
        clustering.train(sample, init_centroids=centroids)
        centroids = np.asarray(clustering.centroids, dtype=np.float32)
    return np.asarray(centroids)


def _check(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise TrainingStopped


def _queries(sample: Vectors, random: np.random.Generator) -> Vectors:
    """Return vectors that lie among the stored ones as questions do."""
    n = min(N_QUERIES, len(sample))
    own, other = (sample[random.choice(len(sample), n, replace=False)] for _ in range(2))
    _, near = faiss.knn(own, sample, AVERAGED, metric=faiss.METRIC_INNER_PRODUCT)
    topic = _unit(sample[near].sum(axis=1))
    # The part of the other vector that is at right angles to the topic.
    across = _unit(other - (other * topic).sum(axis=1, keepdims=True) * topic)
    queries = QUERY_COSINE * topic + np.sqrt(1 - QUERY_COSINE**2) * across
    return np.ascontiguousarray(queries, dtype=np.float32)


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-6), dtype=np.float32)


class _Nearest:
    """The exact nearest vectors of some queries among all blocks seen.

    Attributes:
        rows: (n_queries, K) int64, in the order in which the vectors were seen; -1 for none.
    """

    def __init__(self, queries: Vectors) -> None:
        self._queries = queries
        self._scores = np.full((len(queries), K), -np.inf, dtype=np.float32)
        self.rows = np.full((len(queries), K), -1, dtype=np.int64)
        self._seen = 0

    def see(self, vectors: Vectors) -> None:
        """Take the next block into account."""
        scores = np.concatenate([self._scores, self._queries @ vectors.T], axis=1)
        rows = np.arange(self._seen - K, self._seen + len(vectors))
        best = np.argpartition(-scores, K - 1, axis=1)[:, :K]
        self._scores = np.take_along_axis(scores, best, axis=1)
        known = np.take_along_axis(self.rows, np.minimum(best, K - 1), axis=1)
        self.rows = np.where(best < K, known, rows[best])
        self._seen += len(vectors)


def _coded(
    store: PassageStore,
    index: faiss.IndexIVFRaBitQ,
    dimension: int,
    nearest: _Nearest,
    should_stop: Callable[[], bool],
) -> _Coded:
    parts = []
    for block in _blocks(store, dimension):
        _check(should_stop)
        parts.append(_Coded(block.ids, *encode(index, block.vectors)))
        nearest.see(block.vectors)
    return _joined(parts)


def _joined(parts: list[_Coded]) -> _Coded:
    return _Coded(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.lists for part in parts]),
        np.concatenate([part.codes for part in parts]),
    )


def _blocks(store: PassageStore, dimension: int) -> Iterator[NumberedVectors]:
    last = -1
    while True:
        with store.reading() as db:
            block = vectors_after(db, last, BLOCK_ROWS, dimension)
        if not len(block.ids):
            return
        yield block
        last = int(block.ids[-1])


def _fill(index: faiss.IndexIVFRaBitQ, lists: InvertedLists) -> None:
    ends = np.cumsum(lists.sizes)
    for number, (end, n) in enumerate(zip(ends, lists.sizes, strict=True)):
        add_list(index, number, lists.ids[end - n : end], lists.codes[end - n : end])


def _tuned(
    index: faiss.IndexIVFRaBitQ,
    lists: InvertedLists,
    queries: Vectors,
    coded: _Coded,
    true_rows: npt.NDArray[np.int64],
) -> Tuning:
    """Return how many lists to read, and how many vectors to compare, for the target."""
    n_lists = len(lists.sizes)
    products, order = index.quantizer.search(queries, n_lists)
    rank = np.empty_like(order)  # of each list, for each query
    np.put_along_axis(rank, order, np.arange(n_lists)[None, :], axis=1)
    true_rank = np.take_along_axis(rank, coded.lists[true_rows], axis=1)
    if not (enough := _smallest(true_rank)):
        return lists.tuning
    n_probed = min(n_lists, math.ceil(ALLOWANCE * enough))
    held = float((true_rank < n_probed).mean())
    probed = (products[:, :n_probed], order[:, :n_probed])
    found = search_lists(index, queries, min(RESCORED[-1], len(lists.ids)), probed)
    true_ids = coded.ids[true_rows]
    recall = 0.0
    for n_rescored in RESCORED:
        recall = float((found[:, None, :n_rescored] == true_ids[:, :, None]).any(axis=2).mean())
        if recall >= held - MAX_LOST:
            break
    return replace(lists.tuning, n_probed=n_probed, n_rescored=n_rescored, recall=round(recall, 4))


def _smallest(true_rank: npt.NDArray[np.int64]) -> int | None:
    """Return how many of the nearest lists hold enough of the true nearest; None if none do."""
    ranks = np.sort(true_rank, axis=None)
    needed = math.ceil(SAMPLED_SHARE * ranks.size)
    return int(ranks[needed - 1]) + 1 if needed <= ranks.size else None
