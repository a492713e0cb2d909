"""Small documents put straight into an index, without files, and what an index holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from answerable.index import CutPassage, Encoder, Metadata, NewDocument, Vectors
from answerable.index.local import LocalIndex
from answerable.index.storage.store import PassageStore
from answerable.index.storage.word_index import WordIndex


@dataclass(frozen=True, slots=True)
class Contents:
    """Passage ids as each part of an index knows them."""

    passages: list[int]
    vectors: list[int]
    words: list[int]


def new_document(
    uri: str,
    texts: Sequence[str],
    *,
    collection: str = "default",
    principals: tuple[str, ...] = ("public",),
    title: str = "",
    media_type: str = "text/plain",
    modified_at: str | None = None,
    metadata: Metadata | None = None,
) -> NewDocument:
    """Return a document whose passages are ``texts``, joined by blank lines."""
    whole, passages = "", []
    for text in texts:
        passages.append(CutPassage(len(whole), len(whole) + len(text), "", text, None))
        whole += f"{text}\n\n"
    return NewDocument(
        uri=uri,
        title=title or uri,
        collection=collection,
        media_type=media_type,
        content_sha256=str(hash(whole)),
        size_bytes=len(whole),
        text=whole,
        pages=(),
        principals=principals,
        modified_at=modified_at,
        passages=tuple(passages),
        metadata=metadata or {},
    )


def put(
    index: LocalIndex,
    documents: Sequence[NewDocument],
    vectors: Vectors | Encoder,
    *,
    publish: bool = False,
) -> None:
    """Store documents with the vectors given, or those of their passages' texts."""
    texts = [passage.text for document in documents for passage in document.passages]
    rows = vectors if isinstance(vectors, np.ndarray) else vectors.encode(texts)
    with index.writing() as writer:
        writer.put(documents, rows)
        if publish:
            index.publish(writer)


def put_texts(
    index: LocalIndex,
    encoder: Encoder,
    texts: Mapping[str, Sequence[str]],
    *,
    publish: bool = False,
) -> None:
    """Store one public document per address."""
    put(index, [new_document(uri, t) for uri, t in texts.items()], encoder, publish=publish)


def contents(index: LocalIndex) -> Contents:
    """Return the passage ids of SQLite's tables; they must be equal."""
    store = PassageStore(index.folder / "index.sqlite3")
    try:
        with store.reading() as db:
            found = [
                [id_ for (id_,) in db.execute(f"SELECT {column} FROM {table} ORDER BY 1")]
                for table, column in (
                    ("passages", "id"),
                    ("vectors", "passage_id"),
                )
            ]
        with WordIndex(store, index.folder).reading() as (_, snapshot):
            words = [
                int(id_)
                for part in snapshot.parts
                for id_, is_alive in zip(
                    part.segment.passage_ids,
                    part.alive if part.alive is not None else [True] * len(part.segment),
                    strict=True,
                )
                if is_alive
            ]
    finally:
        store.close()
    return Contents(found[0], found[1], words)


def unit_vectors(seed: int, n: int, dimension: int) -> Vectors:
    """Return random unit vectors, (n, dimension) float32."""
    vectors = np.random.default_rng(seed).standard_normal((n, dimension)).astype(np.float32)
    rows: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return rows
