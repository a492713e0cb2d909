"""One document that did not come from a file of this machine: uploaded, or sent as text.

Extraction has happened; here its text is cut, encoded and stored under the address it was given.
Files of this machine go through ``ingest`` instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from .document_text import check_text
from .embedding import ENCODE_BATCH, PassageEmbedder
from .local import LocalIndex
from .metadata import metadata_json, metadata_pairs
from .stopping import stop_signal
from .storage.store import StoredVersion
from .types import Encoder, Metadata, NewDocument, Page, Vectors

Outcome = Literal["added", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """A document's text and what its sender says of it.

    Attributes:
        uri: its address; the same address and collection mean the same document.
        content_sha256: of the bytes received.
        size_bytes: of the bytes received.
        principals: who may see it.
        modified_at: in UTC, as in ``DocumentInfo``; None if unknown.
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
    modified_at: str | None = None
    metadata: Metadata = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What became of a received document; ``passages`` counts the new ones."""

    document_id: int
    outcome: Outcome
    passages: int


def check_received(document: ReceivedDocument) -> None:
    """Refuse what could not be stored, before it waits for its turn.

    Raises:
        ExtractionFailed: there is no text, or it is not valid Unicode.
        MetadataInvalid: the metadata cannot be stored.
    """
    check_text(document.text)
    metadata_pairs(document.metadata)


def store_received(
    index: LocalIndex,
    encoder: Encoder,
    document: ReceivedDocument,
    on_progress: Callable[[int, int], None],
) -> StoredDocument:
    """Store a document in one transaction, or find that it is stored already.

    Encoding comes before the writer lock, so that a long document keeps nobody from writing. What
    is stored is looked at again under the lock: another process may have written meanwhile.

    Args:
        index: to store it in; the caller publishes it when it is done with its documents.
        encoder: of the index.
        document: the same content and title at the same address change only what is said of it.
        on_progress: called with the passages encoded so far, and with all of them.

    Raises:
        IndexLocked: another process is writing.
        WorkStopped: the caller gave up while it was encoded; nothing was stored.
    """
    kept = _kept(index, document)
    if kept is not None:
        return kept
    new, vectors = _encoded(encoder, document, on_progress)
    with index.writing() as writer:
        before = index.stored_version(document.collection, document.uri)
        writer.put([new], vectors)
        stored = index.stored_version(document.collection, document.uri)
    assert stored is not None, "it was committed, and nobody else writes meanwhile"
    return StoredDocument(
        stored.document_id, "added" if before is None else "updated", len(new.passages)
    )


def _kept(index: LocalIndex, document: ReceivedDocument) -> StoredDocument | None:
    """Bring what is said of stored content up to date; None if that content is not stored."""
    before = index.stored_version(document.collection, document.uri)
    if before is None or not _is_content(before, document):
        return None
    if _is_said(before, document):
        return StoredDocument(before.document_id, "unchanged", 0)
    with index.writing() as writer:
        stored = index.stored_version(document.collection, document.uri)
        if stored is None or not _is_content(stored, document):
            return None
        with writer.together():
            writer.set_principals(stored.document_id, document.principals)
            writer.set_metadata(stored.document_id, document.metadata)
    return StoredDocument(stored.document_id, "updated", 0)


def _is_content(stored: StoredVersion, document: ReceivedDocument) -> bool:
    """Whether passages would be as they are stored: each has its document's title, too."""
    return (stored.content_sha256, stored.media_type, stored.title) == (
        document.content_sha256,
        document.media_type,
        document.title,
    )


def _is_said(stored: StoredVersion, document: ReceivedDocument) -> bool:
    """Whether what is said of a document is what is stored of it already."""
    has_principals = stored.principals == tuple(sorted(set(document.principals)))
    return has_principals and metadata_json(stored.metadata) == metadata_json(document.metadata)


def _encoded(
    encoder: Encoder, document: ReceivedDocument, on_progress: Callable[[int, int], None]
) -> tuple[NewDocument, Vectors]:
    embedder, signal = PassageEmbedder(encoder), stop_signal()
    passages = embedder.cut(document.text, document.media_type, document.pages)
    parts = [np.empty((0, encoder.dimension), dtype=np.float32)]
    for first in range(0, len(passages), ENCODE_BATCH):
        signal.check()
        parts.append(embedder.encode(passages[first : first + ENCODE_BATCH]))
        on_progress(min(first + ENCODE_BATCH, len(passages)), len(passages))
    new = NewDocument(
        uri=document.uri,
        title=document.title,
        collection=document.collection,
        media_type=document.media_type,
        content_sha256=document.content_sha256,
        size_bytes=document.size_bytes,
        text=document.text,
        pages=document.pages,
        principals=document.principals,
        modified_at=document.modified_at,
        passages=passages,
        metadata=document.metadata,
    )
    return new, np.concatenate(parts)
