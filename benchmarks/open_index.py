"""An index of articles among distractors, from which single passages can be hidden.

An article is a document, cut and encoded as ingest does; distractors are Wikipedia paragraphs,
a passage and a document each. What a question must not find is hidden from both searches of the
index, so that it costs nothing to take another paragraph away for each question.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from wiki_index import paragraphs

from answerable.index import (
    CutPassage,
    Document,
    DocumentInfo,
    Encoder,
    Filters,
    LocalIndex,
    NewDocument,
    Passage,
    ScoredPassage,
    Vectors,
)
from answerable.index.embedding import PassageEmbedder
from answerable.reader import RetrievalEvidence, SquadQuestion
from answerable.retriever import Hit


@dataclass(frozen=True, slots=True)
class Article:
    """A text of several paragraphs, an empty line between them."""

    title: str
    contexts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n\n".join(self.contexts)

    def place(self, context: str) -> tuple[int, int]:
        """Return where a paragraph is, half-open."""
        start = sum(len(c) + 2 for c in self.contexts[: self.contexts.index(context)])
        return start, start + len(context)


def articles_of(questions: Sequence[SquadQuestion]) -> list[Article]:
    """Return the articles of questions, each paragraph once, in their order."""
    contexts: dict[str, dict[str, None]] = {}
    for question in questions:
        contexts.setdefault(question.title, {})[question.context] = None
    return [Article(title, tuple(of)) for title, of in contexts.items()]


@contextmanager
def index_of(
    folder: Path,
    encoder: Encoder,
    articles: Sequence[Article],
    distractors: Sequence[tuple[str, str]] = (),
    vectors: Vectors | None = None,
) -> Iterator[LocalIndex]:
    """Lend an index of articles and distractors; it is made if the folder holds none.

    Args:
        vectors: of the distractors, if they are encoded already.
    """
    is_new = not (folder / "index.sqlite3").exists()
    with LocalIndex.open(folder, encoder, create=True) as index:
        if is_new:
            embedder = PassageEmbedder(encoder)
            for article in articles:
                cut = embedder.cut(article.text, "text/plain", ())
                new = _document(article.title, article.text, cut)
                index.add([new], embedder.encode(cut))
            for first in range(0, len(distractors), 500):
                batch = distractors[first : first + 500]
                new_ones = [
                    _document(title, text, (CutPassage(0, len(text), "", text, None),), first + i)
                    for i, (title, text) in enumerate(batch)
                ]
                found = None if vectors is None else vectors[first : first + 500]
                whole = [passage for new in new_ones for passage in new.passages]
                index.add(new_ones, embedder.encode(whole) if found is None else found)
        yield index


def wiki_distractors(data: Path, n: int) -> list[tuple[str, str]]:
    """Return Wikipedia paragraphs, title and text, as ``paragraph_vectors.py`` encodes them."""
    everything = list(paragraphs(data))
    return random.Random(1).sample(everything, min(100_000, len(everything)))[:n]


def stored_vectors(folder: Path, skipped: int, n: int) -> Vectors:
    """Return the vectors of n distractors; ``skipped`` documents stand before them."""
    parts = sorted((folder / "dev_a_and_wiki" / "documents").glob("*.npy"))
    vectors: Vectors = np.concatenate([np.load(path) for path in parts])
    if len(vectors) < skipped + n:
        raise SystemExit(f"{folder} holds only {len(vectors) - skipped:,} distractors")
    return vectors[skipped : skipped + n]


class HidingIndex:
    """An index without some of its passages; everything else as it is."""

    def __init__(self, index: LocalIndex, hidden: frozenset[int]) -> None:
        self._index = index
        self._hidden = hidden

    def dense_search(self, vector: Vectors, k: int, filters: Filters) -> list[ScoredPassage]:
        """Search as the index does, past what is hidden."""
        return self._seen(self._index.dense_search(vector, k + len(self._hidden), filters), k)

    def lexical_search(self, terms: Sequence[str], k: int, filters: Filters) -> list[ScoredPassage]:
        """Search as the index does, past what is hidden; word statistics hold it still."""
        return self._seen(self._index.lexical_search(terms, k + len(self._hidden), filters), k)

    def _seen(self, found: Sequence[ScoredPassage], k: int) -> list[ScoredPassage]:
        return [one for one in found if one.passage_id not in self._hidden][:k]

    def passages(self, passage_ids: Sequence[int], filters: Filters) -> list[Passage]:
        """Return passages as the index does."""
        return self._index.passages(passage_ids, filters)

    def document_infos(self, document_ids: Sequence[int], filters: Filters) -> list[DocumentInfo]:
        """Return documents as the index does."""
        return self._index.document_infos(document_ids, filters)

    def document(self, document_id: int, filters: Filters) -> Document:
        """Return a document as the index does."""
        return self._index.document(document_id, filters)

    def add(self, documents: Sequence[NewDocument], vectors: Vectors) -> None:
        """Refuse: it is for reading."""
        raise NotImplementedError

    def delete(self, document_ids: Sequence[int]) -> int:
        """Refuse: it is for reading."""
        raise NotImplementedError


def evidence_of(hits: Sequence[Hit]) -> list[RetrievalEvidence]:
    """Return how each hit was found."""
    return [
        RetrievalEvidence(
            rank=rank,
            dense_rank=hit.dense and hit.dense.rank,
            dense_score=hit.dense and hit.dense.score,
            lexical_rank=hit.lexical and hit.lexical.rank,
            lexical_score=hit.lexical and hit.lexical.score,
        )
        for rank, hit in enumerate(hits, start=1)
    ]


def _document(
    title: str, text: str, passages: tuple[CutPassage, ...], number: int | None = None
) -> NewDocument:
    return NewDocument(
        uri=f"article:{title}" if number is None else f"wiki:{number}",
        title=title.replace("_", " "),
        collection="default",
        media_type="text/plain",
        content_sha256="",
        size_bytes=len(text),
        text=text,
        pages=(),
        principals=("public",),
        modified_at=None,
        passages=passages,
    )
