"""Where the time of a search goes: an index and an encoder that time what they are asked.

They stand between a retriever and the real ones, so what is timed is the search of the product,
whatever its fusion.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter

from answerable.index import (
    Document,
    DocumentInfo,
    Encoder,
    Filters,
    NewDocument,
    Passage,
    ScoredPassage,
    SearchableIndex,
    Vectors,
)

DenseSearch = Callable[[Vectors, int], list[ScoredPassage]]


@dataclass(slots=True)
class StageTimes:
    """Milliseconds of one search by stage; cleared for the next."""

    ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Add what the block takes to a stage."""
        started = perf_counter()
        try:
            yield
        finally:
            self.ms[stage] = self.ms.get(stage, 0.0) + 1000 * (perf_counter() - started)


class TimedEncoder:
    """An ``Encoder`` that times its work as the stage ``encode``."""

    def __init__(self, encoder: Encoder, times: StageTimes) -> None:
        """Ask ``encoder``."""
        self._encoder = encoder
        self._times = times
        self.name, self.sha256 = encoder.name, encoder.sha256
        self.dimension, self.max_tokens = encoder.dimension, encoder.max_tokens

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_texts, dimension) float32."""
        with self._times.timing("encode"):
            return self._encoder.encode(texts)

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_questions, dimension) float32."""
        with self._times.timing("encode"):
            return self._encoder.encode_questions(questions)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the code-point range of each token of ``text``, without special tokens."""
        return self._encoder.token_offsets(text)


class TimedIndex:
    """A ``SearchableIndex`` that times the stages ``dense``, ``lexical`` and ``fetch``."""

    def __init__(
        self, index: SearchableIndex, times: StageTimes, dense_search: DenseSearch | None = None
    ) -> None:
        """Ask ``index``, and ``dense_search`` in its place where one is given."""
        self._index = index
        self._times = times
        self._dense_search = dense_search

    def dense_search(self, vector: Vectors, k: int, filters: Filters) -> list[ScoredPassage]:
        """Return what the index does, or what stands in for it; that knows no filters."""
        with self._times.timing("dense"):
            if self._dense_search is not None:
                return self._dense_search(vector, k)
            return self._index.dense_search(vector, k, filters)

    def lexical_search(self, terms: Sequence[str], k: int, filters: Filters) -> list[ScoredPassage]:
        """Return what the index does."""
        with self._times.timing("lexical"):
            return self._index.lexical_search(terms, k, filters)

    def passages(self, passage_ids: Sequence[int], filters: Filters) -> list[Passage]:
        """Return what the index does."""
        with self._times.timing("fetch"):
            return self._index.passages(passage_ids, filters)

    def document_infos(self, document_ids: Sequence[int], filters: Filters) -> list[DocumentInfo]:
        """Return what the index does."""
        with self._times.timing("fetch"):
            return self._index.document_infos(document_ids, filters)

    def document(self, document_id: int, filters: Filters) -> Document:
        """Return what the index does."""
        return self._index.document(document_id, filters)

    def add(self, documents: Sequence[NewDocument], vectors: Vectors) -> None:
        """Add to the index."""
        self._index.add(documents, vectors)

    def delete(self, document_ids: Sequence[int]) -> int:
        """Delete from the index."""
        return self._index.delete(document_ids)
