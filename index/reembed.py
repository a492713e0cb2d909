"""Making an index fit for another model, from the texts that it stores."""

from collections.abc import Callable, Iterator
from pathlib import Path

from .embedding import PassageEmbedder
from .errors import IndexNotFound
from .ingest import IngestProgress
from .local import check_manifest, database_exists, manifest_for
from .storage.database import DATABASE_NAME
from .storage.lock import WriterLock
from .storage.store import PassageStore
from .storage.writer import Recut, StoreWriter
from .types import DocumentInfo, Encoder, Filters


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
                recuts = _recuts(store, infos, PassageEmbedder(encoder), on_progress)
                writer.replace_all_passages(recuts, manifest_for(encoder))
                publish(store, writer, folder)
                WordSearch(store, folder).publish(writer)
            finally:
                writer.close()
        finally:
            store.close()
    return len(infos)


def _recuts(
    store: PassageStore,
    infos: list[DocumentInfo],
    embedder: PassageEmbedder,
    on_progress: Callable[[IngestProgress], None],
) -> Iterator[Recut]:
    n_passages = 0
    for done, info in enumerate(infos, start=1):
        document = store.document(info.id, Filters())
        if document is None:  # the writer lock keeps others from removing it
            raise AssertionError(f"document {info.id} vanished under the writer lock")
        passages = embedder.cut(document.text, info.media_type, document.pages)
        yield Recut(info.id, info.title, passages, embedder.encode(passages))
        n_passages += len(passages)
        on_progress(IngestProgress(done, len(infos), info.uri, n_passages))
