"""An exact index in memory, the measure of every other: it looks at everything, each time.

Tests drive it beside the index on disk and compare. It shares the definition of a term and of a
score with it (words.py, bm25.py), and nothing else: no files, no caches, no shortcuts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from .bm25 import (
    HEADING_WEIGHT,
    PAIR_DEPTH,
    TITLE_WEIGHT,
    as_score,
    impacts,
    pair_total,
    query_terms,
    term_weight,
    weighted_pairs,
)
from .errors import DocumentNotFound
from .metadata import metadata_pairs
from .types import (
    PUBLIC,
    Document,
    DocumentInfo,
    Filters,
    NewDocument,
    Passage,
    ScoredPassage,
    Vectors,
)
from .words import terms_of


@dataclass(frozen=True, slots=True)
class _Stored:
    """A document with its passages and their vectors."""

    document: Document
    passages: tuple[Passage, ...]
    vectors: tuple[Vectors, ...]


class MemoryIndex:
    """Implements ``SearchableIndex`` by looking at every passage; for one thread."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._stored: dict[int, _Stored] = {}
        self._last_document = 0
        self._last_passage = 0

    def add(self, documents: Sequence[NewDocument], vectors: Vectors) -> None:
        """Store documents, replacing those of the same collection and address; all or nothing.

        Args:
            documents: at most one for each collection and address.
            vectors: (n_passages, dimension) float32, of the passages of all the documents in turn.

        Raises:
            MetadataInvalid: a document's metadata cannot be stored.
        """
        for new in documents:
            metadata_pairs(new.metadata)
        first = 0
        for new in documents:
            last = first + len(new.passages)
            self._put(new, vectors[first:last])
            first = last

    def delete(self, document_ids: Sequence[int]) -> int:
        """Delete documents with their passages and vectors; return how many there were."""
        found = [id_ for id_ in dict.fromkeys(document_ids) if id_ in self._stored]
        for id_ in found:
            del self._stored[id_]
        return len(found)

    def dense_search(self, vector: Vectors, k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k passages of highest inner product with ``vector`` (dimension,)."""
        scored = [
            ScoredPassage(passage.id, float(stored_vector @ vector))
            for stored in self._seen(filters)
            for passage, stored_vector in zip(stored.passages, stored.vectors, strict=True)
        ]
        return sorted(scored, key=lambda hit: (-hit.score, hit.passage_id))[: max(0, k)]

    def lexical_search(self, terms: Sequence[str], k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k best passages by BM25 that hold any of ``terms`` (plain words)."""
        wanted = query_terms(terms)
        seen = {
            passage.id: _counts(passage)
            for stored in self._seen(Filters(principals=filters.principals))
            for passage in stored.passages
        }
        weights = {
            term: term_weight(len(seen), n_with_term)
            for term in set(wanted)
            if (n_with_term := sum(term in counts for counts in seen.values()))
        }
        pairs = weighted_pairs(wanted, weights)
        counted = {
            term: n * weights[term] for term, n in Counter(wanted).items() if term in weights
        }
        best = []
        for stored in self._seen(filters):
            for passage in stored.passages:
                if total := _total(seen[passage.id], passage, counted):
                    best.append((-total, passage.id, passage))
        best = sorted(best, key=lambda hit: hit[:2])[: max(k, PAIR_DEPTH)]
        totals = [
            (total - pair_total(pairs, (passage.title, passage.heading, passage.text)), id_)
            for total, id_, passage in best
        ]
        return [ScoredPassage(id_, as_score(-total)) for total, id_ in sorted(totals)[: max(0, k)]]

    def passages(self, passage_ids: Sequence[int], filters: Filters) -> list[Passage]:
        """Return passages in the order asked; unknown and forbidden ones are left out."""
        found = {p.id: p for stored in self._seen(filters) for p in stored.passages}
        return [found[id_] for id_ in passage_ids if id_ in found]

    def document_infos(self, document_ids: Sequence[int], filters: Filters) -> list[DocumentInfo]:
        """Return documents in the order asked; unknown and forbidden ones are left out."""
        found = {s.document.info.id: s.document.info for s in self._seen(filters)}
        return [found[id_] for id_ in document_ids if id_ in found]

    def document(self, document_id: int, filters: Filters) -> Document:
        """Return a document with its text.

        Raises:
            DocumentNotFound: there is none, or the filters forbid it; one cannot tell which.
        """
        for stored in self._seen(filters):
            if stored.document.info.id == document_id:
                return stored.document
        raise DocumentNotFound(f"there is no document {document_id}")

    def _put(self, new: NewDocument, vectors: Vectors) -> None:
        document_id = self._id_of(new)
        first = self._last_passage + 1
        self._last_passage += len(new.passages)
        info = DocumentInfo(
            id=document_id,
            uri=new.uri,
            title=new.title,
            collection=new.collection,
            media_type=new.media_type,
            content_sha256=new.content_sha256,
            size_bytes=new.size_bytes,
            n_chars=len(new.text),
            n_passages=len(new.passages),
            principals=tuple(sorted(set(new.principals))),
            modified_at=new.modified_at,
            ingested_at=datetime.now(UTC).isoformat(timespec="seconds"),
            metadata=new.metadata,
        )
        passages = tuple(
            Passage(
                id=first + ordinal,
                document_id=document_id,
                start=cut.start,
                end=cut.end,
                text=cut.text,
                heading=cut.heading,
                page=cut.page,
                title=new.title,
            )
            for ordinal, cut in enumerate(new.passages)
        )
        document = Document(info, new.text, new.pages)
        self._stored[document_id] = _Stored(document, passages, tuple(np.array(vectors)))

    def _id_of(self, new: NewDocument) -> int:
        for id_, stored in self._stored.items():
            info = stored.document.info
            if (info.collection, info.uri) == (new.collection, new.uri):
                return id_
        self._last_document += 1
        return self._last_document

    def _seen(self, filters: Filters) -> Iterator[_Stored]:
        return (s for s in self._stored.values() if passes(s.document.info, filters))


def passes(info: DocumentInfo, filters: Filters) -> bool:
    """Say whether filters permit a document."""
    time = info.modified_at
    pairs = set(metadata_pairs(info.metadata))
    return (
        (filters.collections is None or info.collection in filters.collections)
        and (filters.document_ids is None or info.id in filters.document_ids)
        and (filters.media_types is None or info.media_type in filters.media_types)
        and (filters.since is None or (time is not None and time >= filters.since))
        and (filters.until is None or (time is not None and time <= filters.until))
        and all((equal.path, equal.value) in pairs for equal in filters.metadata)
        and (
            filters.principals is None
            or not {PUBLIC, *filters.principals}.isdisjoint(info.principals)
        )
    )


def _counts(passage: Passage) -> Counter[int]:
    counts = Counter(terms_of(passage.text))
    for part, weight in ((passage.title, TITLE_WEIGHT), (passage.heading, HEADING_WEIGHT)):
        for term in terms_of(part):
            counts[term] += weight
    return counts


def _total(counts: Counter[int], passage: Passage, weights: dict[int, int]) -> int:
    length = sum(len(terms_of(part)) for part in (passage.title, passage.heading, passage.text))
    found = [term for term in weights if term in counts]
    shares = impacts(np.array([counts[t] for t in found], np.int64), np.full(len(found), length))
    return sum(weights[term] * int(share) for term, share in zip(found, shares, strict=True))
