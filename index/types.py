"""The data that passes between layers: documents, passages, filters.

Everything here is frozen. ``start`` and ``end`` are half-open code-point
offsets into the text of the document as stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Metadata = Mapping[str, Any]
"""A JSON object: what ingest knows of a document or was told of it."""

PUBLIC = "public"
DEFAULT_COLLECTION = "default"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a paged document and the part of the text that it holds."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A stored document without its text.

    Attributes:
        uri: where it came from; ``file://`` for local files.
        principals: who may see it; ``("public",)`` when everybody may.
        modified_at: the source's time of change, as ``2024-05-01T12:00:00+00:00``, if known.
        ingested_at: the same, of ours.
    """

    id: int
    uri: str
    title: str
    collection: str
    media_type: str
    content_sha256: str
    size_bytes: int
    n_chars: int
    n_passages: int
    principals: tuple[str, ...]
    modified_at: str | None
    ingested_at: str
    metadata: Metadata = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document with its text as extracted; for plain text, the file's own."""

    info: DocumentInfo
    text: str
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrievable slice of a document.

    Attributes:
        heading: the headings it stands under, outermost first, joined by " > "; may be empty.
        page: number of the page it starts on, for paged documents.
        title: of its document; may be empty.
    """

    id: int
    document_id: int
    start: int
    end: int
    text: str
    heading: str
    page: int | None
    title: str = ""


@dataclass(frozen=True, slots=True)
class PassageSpan:
    """Where the splitter cuts a passage, before it has an id."""

    start: int
    end: int
    heading: str


@dataclass(frozen=True, slots=True)
class CutPassage:
    """A passage before it has an id; ``text`` is the document's ``text[start:end]``."""

    start: int
    end: int
    heading: str
    text: str
    page: int | None


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document ready to be stored; its vectors travel beside it, those of a batch together.

    Attributes:
        modified_at: as in ``DocumentInfo``, in UTC and to the second.
    """

    uri: str
    title: str
    collection: str
    media_type: str
    content_sha256: str
    size_bytes: int
    text: str
    pages: tuple[Page, ...]
    principals: tuple[str, ...]
    modified_at: str | None
    passages: tuple[CutPassage, ...]
    metadata: Metadata = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage id and its score in one channel; higher is better."""

    passage_id: int
    score: float


@dataclass(frozen=True, slots=True)
class MetadataEquals:
    """A document whose metadata has ``value`` at ``path``.

    Attributes:
        path: keys joined by dots, e.g. ``dept.name``; in a list, any element may match.
        value: as text, so that 2024 and "2024" are equal; ``true``, ``false`` and ``null`` for
            those of JSON.
    """

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search may see, applied before the search. A document must pass all of them.

    Word statistics are those of all that ``principals`` may see: no other filter changes a
    passage's score.

    Attributes:
        collections: it is in one of these; None for any.
        document_ids: it is one of these; None for any.
        media_types: it is of one of these, e.g. ``text/html``; None for any.
        since: modified then or later, as ``2024-05-01T00:00:00+00:00``; None for any time.
        until: modified then or earlier. With either, documents of unknown time do not pass.
        metadata: all of these hold.
        principals: who asks, e.g. ``("user:ann", "group:hr")``; None lifts the permission
            check (the owner of the index at a terminal). Public documents are seen by all.
    """

    collections: tuple[str, ...] | None = None
    document_ids: tuple[int, ...] | None = None
    media_types: tuple[str, ...] | None = None
    since: str | None = None
    until: str | None = None
    metadata: tuple[MetadataEquals, ...] = ()
    principals: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """What an index on disk says of itself; checked each time it is opened."""

    encoder_name: str
    encoder_sha256: str
    dimension: int
    splitter_version: int
    schema_version: int


@dataclass(frozen=True, slots=True)
class ExtractedDocument:
    """What extraction makes of one file."""

    text: str
    title: str
    media_type: str
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class FileFailure:
    """A file that could not be indexed and the one-line reason."""

    uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingest did; counts of documents, except ``passages``."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    passages: int = 0
    failures: tuple[FileFailure, ...] = field(default=())
    skipped: tuple[FileFailure, ...] = field(default=())


class Encoder(Protocol):
    """Turns texts into vectors; handed to the index, which knows no models."""

    @property
    def name(self) -> str:
        """Name the model for people."""
        ...

    @property
    def sha256(self) -> str:
        """Identify weights, tokenizer and settings."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Longest text that the model takes, special tokens included."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of passages, (n_texts, dimension) float32."""
        ...

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return unit vectors of questions, (n_questions, dimension) float32.

        Some models are told which of the two a text is; to the others both are the same.
        """
        ...

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the code-point range of each token of ``text``, without special tokens."""
        ...


class SearchableIndex(Protocol):
    """What retrieval needs of an index: the seam behind which another engine can stand.

    ``LocalIndex`` (SQLite with FAISS) is the one of the product; ``MemoryIndex`` is its exact
    counterpart in tests. Searches apply the filters before they rank, so k passages are found
    wherever k are permitted, and what ``Filters.principals`` may not see changes no result.
    """

    def dense_search(self, vector: Vectors, k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k passages of highest inner product with ``vector`` (dimension,)."""
        ...

    def lexical_search(self, terms: Sequence[str], k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k best passages by BM25 that hold any of ``terms`` (plain words)."""
        ...

    def passages(self, passage_ids: Sequence[int], filters: Filters) -> list[Passage]:
        """Return passages in the order asked; unknown and forbidden ones are left out."""
        ...

    def document_infos(self, document_ids: Sequence[int], filters: Filters) -> list[DocumentInfo]:
        """Return documents in the order asked; unknown and forbidden ones are left out."""
        ...

    def document(self, document_id: int, filters: Filters) -> Document:
        """Return a document with its text.

        Raises:
            DocumentNotFound: there is none, or the filters forbid it; one cannot tell which.
        """
        ...

    def add(self, documents: Sequence[NewDocument], vectors: Vectors) -> None:
        """Store documents, replacing those of the same collection and address; all or nothing.

        Ids are given in order and never twice; a replaced document keeps its own, its passages
        get new ones.

        Args:
            documents: at most one for each collection and address.
            vectors: (n_passages, dimension) float32, of the passages of all the documents in turn.
        """
        ...

    def delete(self, document_ids: Sequence[int]) -> int:
        """Delete documents with their passages and vectors; return how many there were."""
        ...
