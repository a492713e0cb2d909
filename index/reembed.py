"""Making an index fit for another model, from the texts that it stores."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .creation import database_exists
from .embedding import PassageEmbedder
from .errors import IndexNotFound
from .ingest import BATCHES_AHEAD, IngestProgress
from .loading import BATCH_PASSAGES
from .local import check_manifest, manifest_for
from .pace import Pace
from .pipeline import Pipeline
from .storage.database import DATABASE_NAME
from .storage.lock import WriterLock
from .storage.store import PassageStore
from .storage.writer import Recut, StoreWriter
from .types import CutPassage, DocumentInfo, Encoder, Filters, Vectors


@dataclass(frozen=True, slots=True)
class _Cut:
    """A document and its new passages."""

    info: DocumentInfo
    passages: tuple[CutPassage, ...]


def reembed(folder: Path, encoder: Encoder, on_progress: Callable[[IngestProgress], None]) -> int:
    """Cut and encode every stored document anew; return how many there are.

    All in one transaction: until the end, others search the index as it was; stopped on the way,
    it stays as it was.

    Raises:
        IndexNotFound: there is no index in ``folder``.
        IndexModelMismatch: a newer Answerable wrote it.
        IndexLocked: another process is writing.
    """
    # Imported here for the same reason as in ``local``.
    from .storage.generations import publish
    from .storage.word_search import WordSearch

    folder = folder.absolute()
    if not database_exists(folder):
        raise IndexNotFound(f"there is no index in {folder}: nothing to embed again")
    with WriterLock(folder):
        store = PassageStore(folder / DATABASE_NAME)
        try:
            stored = store.manifest()
            check_manifest(folder, stored, stored)
            infos = store.documents(Filters())
            writer = StoreWriter(store.path)
            try:
                with Pipeline() as pipeline:
                    embedder = PassageEmbedder(encoder)
                    cut = pipeline.ahead(_cut(store, infos, embedder), BATCHES_AHEAD)
                    encoded = pipeline.ahead(
                        _encoded(cut, embedder), BATCHES_AHEAD * BATCH_PASSAGES
                    )
                    recuts = _recuts(encoded, infos, on_progress)
                    writer.replace_all_passages(recuts, manifest_for(encoder))
                publish(store, writer, folder)
                WordSearch(store, folder).publish(writer)
            finally:
                writer.close()
        finally:
            store.close()
    return len(infos)


def _cut(
    store: PassageStore, infos: Sequence[DocumentInfo], embedder: PassageEmbedder
) -> Iterator[list[_Cut]]:
    """Yield the documents, cut, in batches."""
    batch: list[_Cut] = []
    for info in infos:
        document = store.document(info.id, Filters())
        if document is None:  # the writer lock keeps others from removing it
            raise AssertionError(f"document {info.id} vanished under the writer lock")
        batch.append(_Cut(info, embedder.cut(document.text, info.media_type, document.pages)))
        if sum(len(cut.passages) for cut in batch) >= BATCH_PASSAGES:
            yield batch
            batch = []
    if batch:
        yield batch


def _encoded(
    batches: Iterable[list[_Cut]], embedder: PassageEmbedder
) -> Iterator[tuple[_Cut, Vectors]]:
    for batch in batches:
        vectors = embedder.encode([passage for cut in batch for passage in cut.passages])
        first = 0
        for cut in batch:
            yield cut, vectors[first : first + len(cut.passages)]
            first += len(cut.passages)


def _recuts(
    encoded: Iterable[tuple[_Cut, Vectors]],
    infos: Sequence[DocumentInfo],
    on_progress: Callable[[IngestProgress], None],
) -> Iterator[Recut]:
    n_passages, pace = 0, Pace(len(infos), sum(info.n_chars for info in infos))
    for done, (cut, vectors) in enumerate(encoded, start=1):
        yield Recut(cut.info.id, cut.info.title, cut.passages, vectors)
        n_passages += len(cut.passages)
        pace.add(cut.info.n_chars, n_passages)
        on_progress(
            IngestProgress(
                done,
                len(infos),
                cut.info.uri,
                n_passages,
                pace.passages_per_s,
                pace.seconds_left,
            )
        )
