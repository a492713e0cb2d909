"""Approximate vector search: the nearest codes of some inverted lists, then their exact vectors.

Scores are always exact: a code only says which vectors to read from the database.
"""

import math
import threading
from typing import cast

import numpy as np
import numpy.typing as npt

from ..types import ScoredPassage, Vectors
from .exact import BLOCK_ROWS, best_of, nearest_of, one_thread
from .inverted import add_list, faiss_index, search_lists
from .inverted_file import InvertedFile
from .selection import PassageIds, Selection
from .store import PassageStore
from .vector_log import vectors_of

# For so few permitted passages, reading their vectors is faster than looking through the lists.
MAX_READ_DIRECTLY = 1000
# Of each result asked for, this many codes are looked up at least.
RESCORED_PER_RESULT = 3


class ApproximateVectors:
    """Inverted lists, each read from the file and checked when a search first needs it."""

    def __init__(self, file: InvertedFile, store: PassageStore) -> None:
        """Search the lists of ``file``; exact vectors are those of ``store``."""
        self._file = file
        self._store = store
        self._index = faiss_index(file.centroids)
        self._is_loaded = np.zeros(len(file.sizes), dtype=np.bool_)
        self._loading = threading.Lock()

    @property
    def n(self) -> int:
        """Return how many vectors there are."""
        return self._file.n

    def ids(self) -> PassageIds:
        """Return their passage ids, in any order."""
        return self._file.ids()

    def search(self, query: Vectors, k: int, selection: Selection) -> list[ScoredPassage]:
        """Return the k passages nearest to ``query`` (dimension,), best first.

        Raises:
            VectorFileInvalid: a list that it needs is damaged in the file.
        """
        permitted = selection.permitted
        if k < 1 or not self.n:
            return []
        if permitted is not None and permitted.size <= max(MAX_READ_DIRECTLY, k):
            left = permitted[~np.isin(permitted, selection.deleted)]
            return self._nearest(left, query, k)
        return self._nearest(self._candidates(query, k, selection), query, k)

    def _candidates(self, query: Vectors, k: int, selection: Selection) -> PassageIds:
        tuning = self._file.tuning
        n_probed = tuning.n_probed
        if selection.permitted is not None:
            # So that as many permitted codes are seen as there would be without a filter.
            n_probed = math.ceil(n_probed * max(1.0, self.n / selection.permitted.size))
        n_rescored = min(max(tuning.n_rescored, RESCORED_PER_RESULT * k), self.n)
        queries = np.ascontiguousarray(query, dtype=np.float32).reshape(1, -1)
        with one_thread():
            probed = cast(
                tuple[Vectors, npt.NDArray[np.int64]],
                self._index.quantizer.search(queries, min(n_probed, len(self._file.sizes))),
            )
            self._load(probed[1][0])
            found = search_lists(self._index, queries, n_rescored, probed, selection.selector)
        return found[found >= 0]

    def _load(self, numbers: npt.NDArray[np.int64]) -> None:
        """Read the lists that no search has needed yet; a list that is there never changes."""
        numbers = numbers[numbers >= 0]  # a query that is not a number is near no list
        if self._is_loaded[numbers].all():
            return
        with self._loading:
            for number in numbers[~self._is_loaded[numbers]].tolist():
                add_list(self._index, number, *self._file.read_list(number))
                self._is_loaded[number] = True

    def _nearest(self, ids: PassageIds, query: Vectors, k: int) -> list[ScoredPassage]:
        best: list[ScoredPassage] = []
        with self._store.reading() as db:
            for first in range(0, len(ids), BLOCK_ROWS):
                block = vectors_of(db, ids[first : first + BLOCK_ROWS], self._file.dimension)
                best = best_of(best + nearest_of(block, query, k), k)
        return best
