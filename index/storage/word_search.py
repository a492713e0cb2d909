"""Word search over an index on disk: rank by words, then by words that stand together."""

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..bm25 import PAIR_DEPTH, as_score, pair_total, query_terms, weighted_pairs
from ..errors import AnswerableError
from ..types import Filters, ScoredPassage
from .lexical import rank
from .segment_files import SegmentFileInvalid
from .store import PassageIds, PassageStore
from .visibility import Visibility
from .word_index import WordIndex
from .writer import StoreWriter

logger = logging.getLogger(__name__)


class WordSearch:
    """Finds passages by their words, and those that filters permit; any thread may use it."""

    def __init__(self, store: PassageStore, folder: Path) -> None:
        """Read nothing yet; the first search does."""
        self._store = store
        self._folder = folder
        self._index = WordIndex(store, folder)
        self._visibility = Visibility()

    @property
    def is_cache_stale(self) -> bool:
        """Say whether a writer should publish: files were damaged or absent."""
        return self._index.is_cache_stale

    def search(self, terms: Sequence[str], k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k best passages by BM25 that hold any of ``terms`` (plain words)."""
        if k < 1:
            return []
        try:
            return self._search(query_terms(terms), k, filters)
        except SegmentFileInvalid as exc:
            logger.warning("the word files are not used (%s): they are made anew", exc)
            self._index.reload()
            return self._search(query_terms(terms), k, filters)

    def permitted(self, filters: Filters) -> PassageIds | None:
        """Return the ids of the passages that filters permit, ascending; None when that is all."""
        if filters == Filters():
            return None
        with self._index.reading() as (db, snapshot):
            return self._visibility.passage_ids(db, snapshot, filters)

    def publish(self, writer: StoreWriter) -> None:
        """Write to files what is not on disk yet.

        Raises:
            AnswerableError: they cannot be written.
        """
        try:
            self._index.publish(writer)
        except OSError as exc:
            raise AnswerableError(
                f"no word file was written to {self._folder} ({exc.strerror})"
            ) from exc

    def publish_anew(self, writer: StoreWriter) -> None:
        """Make the files from the texts, whatever is there; raises as ``publish`` does."""
        self._index.reload()
        self.publish(writer)

    def _search(self, terms: Sequence[int], k: int, filters: Filters) -> list[ScoredPassage]:
        with self._index.reading() as (db, snapshot):
            # 1. What the asker may see, and the best of it by BM25.
            views = self._visibility.views(db, snapshot, filters)
            ranking = rank(views, Counter(terms), max(k, PAIR_DEPTH))
            # 2. The same again, with what neighbouring words of the query earn.
            pairs = weighted_pairs(terms, ranking.weights)
            texts = self._store.texts(db, [id_ for id_, _ in ranking.best]) if pairs else {}
        totals = [
            (total + pair_total(pairs, texts[id_]) if pairs else total, id_)
            for id_, total in ranking.best
        ]
        best = sorted(totals, key=lambda hit: (-hit[0], hit[1]))[:k]
        return [ScoredPassage(id_, as_score(total)) for total, id_ in best]
