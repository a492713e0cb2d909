"""A small index in memory with exact search, and an encoder without a model."""

import zlib
from collections.abc import Sequence

import numpy as np

from answerable.index import (
    Document,
    DocumentInfo,
    DocumentNotFound,
    Filters,
    NewDocument,
    Passage,
    ScoredPassage,
    Vectors,
)


class WordEncoder:
    """Counts words into buckets: texts that share words are alike."""

    name = "words"
    sha256 = "0" * 64
    dimension = 64
    max_tokens = 256

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_texts, 64) float32."""
        vectors = np.full((len(texts), self.dimension), 1e-6, np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, zlib.crc32(word.encode()) % self.dimension] += 1
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return the vectors that ``encode`` gives."""
        return self.encode(questions)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Return one range per character."""
        return [(i, i + 1) for i in range(len(text))]


class FakeIndex:
    """Passages in a list, one per document; counts the calls made to it."""

    def __init__(self, texts: Sequence[str], principals: Sequence[str] | None = None) -> None:
        owners = principals or ["public"] * len(texts)
        self.calls: list[str] = []
        self.documents = [_document(i, owner) for i, owner in enumerate(owners)]
        self._passages = [_passage(i, text) for i, text in enumerate(texts)]
        self._vectors = WordEncoder().encode(texts)

    def dense_search(self, vector: Vectors, k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k visible passages of highest inner product."""
        self.calls.append("dense_search")
        scores = self._vectors @ vector
        found = [ScoredPassage(i, float(scores[i])) for i in self._visible(filters)]
        return sorted(found, key=lambda f: -f.score)[:k]

    def lexical_search(self, terms: Sequence[str], k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k visible passages that hold the most of ``terms``."""
        self.calls.append("lexical_search")
        found = [ScoredPassage(i, float(self._matches(i, terms))) for i in self._visible(filters)]
        return sorted((f for f in found if f.score), key=lambda f: -f.score)[:k]

    def passages(self, passage_ids: Sequence[int], filters: Filters) -> list[Passage]:
        """Return visible passages in the order asked."""
        self.calls.append("passages")
        visible = set(self._visible(filters))
        return [self._passages[i] for i in passage_ids if i in visible]

    def document_infos(self, document_ids: Sequence[int], filters: Filters) -> list[DocumentInfo]:
        """Return visible documents in the order asked."""
        self.calls.append("document_infos")
        visible = set(self._visible(filters))
        return [self.documents[i - 100] for i in document_ids if i - 100 in visible]

    def document(self, document_id: int, filters: Filters) -> Document:
        """Return a visible document; its only passage is its text."""
        if document_id - 100 not in self._visible(filters):
            raise DocumentNotFound(f"there is no document {document_id}")
        passage = self._passages[document_id - 100]
        return Document(self.documents[document_id - 100], passage.text)

    def add(self, documents: Sequence[NewDocument], vectors: Vectors) -> None:
        """Append documents of one passage each."""
        for document in documents:
            passage_id = len(self._passages)
            self.documents.append(_document(passage_id, document.principals[0]))
            self._passages.append(_passage(passage_id, document.text))
        self._vectors = np.concatenate([self._vectors, vectors])

    def delete(self, document_ids: Sequence[int]) -> int:
        """Delete the documents added last, whose ids those must be."""
        assert sorted(document_ids) == [d.id for d in self.documents[-len(document_ids) :]]
        del self.documents[-len(document_ids) :], self._passages[-len(document_ids) :]
        self._vectors = self._vectors[: len(self._passages)]
        return len(document_ids)

    def _matches(self, passage_id: int, terms: Sequence[str]) -> int:
        return len(set(terms) & set(self._passages[passage_id].text.lower().split()))

    def _visible(self, filters: Filters) -> list[int]:
        if filters.principals is None:
            return list(range(len(self.documents)))
        allowed = {"public", *filters.principals}
        return [i for i, d in enumerate(self.documents) if allowed & set(d.principals)]


def _passage(passage_id: int, text: str) -> Passage:
    return Passage(passage_id, passage_id + 100, 0, len(text), text, heading="", page=None)


def _document(passage_id: int, principal: str) -> DocumentInfo:
    return DocumentInfo(
        id=passage_id + 100,
        uri=f"file:///{passage_id}.txt",
        title=str(passage_id),
        collection="default",
        media_type="text/plain",
        content_sha256="",
        size_bytes=0,
        n_chars=0,
        n_passages=1,
        principals=(principal,),
        modified_at=None,
        ingested_at="2026-01-01T00:00:00Z",
    )
