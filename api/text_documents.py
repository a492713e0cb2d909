"""Texts that are no files, into an index: cut, encoded and stored as those of files are."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from answerable.index import (
    Encoder,
    Filters,
    LocalIndex,
    NewDocument,
    PassageEmbedder,
)

# One transaction holds the documents that reach so many passages; ingest, which encodes the next
# batch meanwhile, takes twice as many.
_BATCH_PASSAGES = 64


@dataclass(frozen=True, slots=True)
class TextDocument:
    """A text with a name of its own; a title stands in for an empty text."""

    uri: str
    title: str
    text: str


def store_texts(
    index: LocalIndex,
    encoder: Encoder,
    documents: Iterable[TextDocument],
    collection: str,
    on_progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Make a collection hold exactly these documents; those that it has already are kept.

    Stopped on the way, the next call goes on where this one was.

    Args:
        index: may hold other collections, which are left alone.
        encoder: that of the index.
        documents: each URI once.
        collection: public documents; what is in it and not among ``documents`` is removed.
        on_progress: called with the number of documents done.

    Raises:
        IndexLocked: another process is writing.
    """
    embedder = PassageEmbedder(encoder)
    uris = set()
    batch: list[NewDocument] = []
    with index.writing() as writer:

        def flush() -> None:
            passages = [passage for document in batch for passage in document.passages]
            writer.put(batch, embedder.encode(passages))
            batch.clear()

        for done, document in enumerate(documents, start=1):
            uris.add(document.uri)
            sha256 = hashlib.sha256(f"{document.title}\0{document.text}".encode()).hexdigest()
            stored = index.stored_version(collection, document.uri)
            if stored is None or stored.content_sha256 != sha256:
                batch.append(_new_document(document, collection, sha256, embedder))
            if sum(len(waiting.passages) for waiting in batch) >= _BATCH_PASSAGES:
                flush()
            on_progress(done)
        flush()
        infos = index.documents(Filters(collections=(collection,)))
        writer.remove([info.id for info in infos if info.uri not in uris])
        index.publish(writer)


def _new_document(
    document: TextDocument, collection: str, sha256: str, embedder: PassageEmbedder
) -> NewDocument:
    text = document.text if document.text.strip() else document.title
    return NewDocument(
        uri=document.uri,
        title=document.title,
        collection=collection,
        media_type="text/plain",
        content_sha256=sha256,
        size_bytes=len(text.encode()),
        text=text,
        pages=(),
        principals=("public",),
        modified_at=None,
        passages=embedder.cut(text, "text/plain", ()),
    )
