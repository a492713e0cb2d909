"""An index in a folder: SQLite for what is true, FAISS for what is fast."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .creation import create_index, database_exists, restrict
from .documents import SPLITTER_VERSION
from .errors import (
    AnswerableError,
    DocumentNotFound,
    IndexDamaged,
    IndexModelMismatch,
    IndexNotFound,
)
from .storage.database import DATABASE_NAME, check_length
from .storage.lock import WriterLock
from .storage.schema import SCHEMA_VERSION
from .storage.store import IndexStats, PassageStore, StoredVersion
from .storage.writer import StoreWriter
from .types import (
    Document,
    DocumentInfo,
    Encoder,
    Filters,
    IndexManifest,
    NewDocument,
    Passage,
    ScoredPassage,
    Vectors,
)

if TYPE_CHECKING:  # imported where it is used: it needs FAISS
    from .storage.background import BackgroundTraining

logger = logging.getLogger(__name__)


class LocalIndex:
    """Documents, passages and vectors in one folder; any thread may search it.

    Implements ``SearchableIndex``. Every search sees what was committed before it began, by
    this process or another. Writing goes through ``writing``, one process at a time.
    """

    def __init__(self, folder: Path, store: PassageStore, manifest: IndexManifest) -> None:
        """Use ``open`` instead, which checks what it is given."""
        from .storage.vectors import VectorIndex  # here: not all commands should wait for FAISS
        from .storage.word_search import WordSearch

        self.folder = folder
        self.manifest = manifest
        self._store = store
        self._vectors = VectorIndex(store, folder, manifest)
        self._words = WordSearch(store, folder)
        self._has_tried_to_mend = False
        self._n_defects_seen = 0
        self._registering = threading.Lock()
        self._training: BackgroundTraining | None = None

    @classmethod
    def open(cls, folder: Path, encoder: Encoder, *, create: bool = False) -> Self:
        """Open the index in ``folder``, made with this encoder; with ``create``, make it first.

        Raises:
            IndexNotFound: there is none, and ``create`` is false.
            IndexModelMismatch: it was made by another model, or by a newer Answerable.
            IndexDamaged: its database cannot be read; it is left as it is.
        """
        folder = folder.absolute()
        expected = manifest_for(encoder)
        if not database_exists(folder):
            if not create:
                raise IndexNotFound(
                    f"there is no index in {folder}: make one with `answerable ingest PATH`"
                )
            create_index(folder, expected)
        check_length(folder / DATABASE_NAME)
        store = PassageStore(folder / DATABASE_NAME)
        try:
            check_manifest(folder, store.manifest(), expected)
            _bring_up_to_date(folder, store)
            index = cls(folder, store, store.manifest())
        except BaseException:
            store.close()
            raise
        index._mend_vectors()
        return index

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the index."""
        self.close()

    def close(self) -> None:
        """Stop what is done in the background and close the database; no use afterwards."""
        if self._training:
            self._training.stop()
        self._store.close()

    def train_in_background(self) -> None:
        """From now on train and mend vector files beside searches and writes, not during them.

        For a process that lives on. One that ends trains at the end of its ingest instead.
        """
        from .storage.background import BackgroundTraining

        self._training = BackgroundTraining(self._store, self.folder, self._registering_writer)
        self._training.start(is_suspect=self._vectors.is_cache_stale)

    def refresh(self) -> None:
        """See what other processes committed; every dense search does it by itself.

        Raises:
            IndexModelMismatch: another process rebuilt the index with another model.
        """
        if self._vectors.is_behind():
            check_manifest(self.folder, self._store.manifest(), self.manifest)
            self._vectors.refresh()
            self._mend_vectors()

    def dense_search(self, vector: Vectors, k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k passages of highest inner product with ``vector`` (dimension,)."""
        self.refresh()
        hits = self._vectors.search(vector, k, self._words.permitted(filters))
        self._mend_vectors()
        # Permission may have changed since the ids were read: SQLite has the last word.
        return self._store.still_permitted(hits, filters)

    def exact_search(self) -> Callable[[Vectors, int], list[ScoredPassage]]:
        """Return a search that compares all vectors, to measure ``dense_search`` against."""
        return self._vectors.exact_search()

    def passage_ids(self) -> list[int]:
        """Return the ids of all passages, ascending."""
        self.refresh()
        ids: list[int] = self._vectors.ids().tolist()
        return ids

    def lexical_search(self, terms: Sequence[str], k: int, filters: Filters) -> list[ScoredPassage]:
        """Return the k best passages by BM25 that hold any of ``terms`` (plain words)."""
        hits = self._words.search(terms, k, filters)
        if self._words.is_cache_stale and not self._has_tried_to_mend:
            self._mend_words()
        return hits

    def passages(self, passage_ids: Sequence[int], filters: Filters) -> list[Passage]:
        """Return passages in the order asked; unknown and forbidden ones are left out."""
        return self._store.passages(passage_ids, filters)

    def document_infos(self, document_ids: Sequence[int], filters: Filters) -> list[DocumentInfo]:
        """Return documents in the order asked; unknown and forbidden ones are left out."""
        return self._store.document_infos(document_ids, filters)

    def documents(self, filters: Filters) -> list[DocumentInfo]:
        """Return all documents that the filters permit, by collection and address."""
        return self._store.documents(filters)

    def document(self, document_id: int, filters: Filters) -> Document:
        """Return a document with its text.

        Raises:
            DocumentNotFound: there is none, or the filters forbid it; one cannot tell which.
        """
        document = self._store.document(document_id, filters)
        if document is None:
            raise DocumentNotFound(f"there is no document {document_id}")
        return document

    def stored_version(self, collection: str, uri: str) -> StoredVersion | None:
        """Return what is stored of the document at ``uri``, or None."""
        return self._store.stored_version(collection, uri)

    def addresses(self, collection: str) -> Iterator[tuple[int, str]]:
        """Yield id and address of a collection's documents; they are not held in memory."""
        return self._store.addresses(collection)

    def documents_after(self, document_id: int, limit: int, filters: Filters) -> list[DocumentInfo]:
        """Return the first ``limit`` documents permitted whose id is above ``document_id``."""
        return self._store.documents_after(document_id, limit, filters)

    def collections(self, filters: Filters) -> list[tuple[str, int]]:
        """Return the collections of the documents permitted, by name, with how many each holds."""
        return self._store.collections(filters)

    def version(self) -> tuple[tuple[str, int], ...]:
        """Return the index's counters: while they are equal, so is every search's result."""
        return self._store.counters()

    def stats(self) -> IndexStats:
        """Count what the index holds."""
        return self._store.stats()

    def add(self, documents: Sequence[NewDocument], vectors: Vectors) -> None:
        """Store documents, replacing those of the same collection and address; all or nothing.

        Args:
            documents: at most one for each collection and address.
            vectors: (n_passages, dimension) float32, of the passages of all the documents in turn.

        Raises:
            IndexLocked: another process is writing.
            MetadataInvalid: a document's metadata cannot be stored.
        """
        with self.writing() as writer:
            writer.put(documents, vectors)
            self.publish(writer)

    def delete(self, document_ids: Sequence[int]) -> int:
        """Delete documents with their passages and vectors; return how many there were.

        Raises:
            IndexLocked: another process is writing.
        """
        with self.writing() as writer:
            removed = writer.remove(document_ids)
            if removed:
                self.publish(writer)
        return removed

    @contextmanager
    def writing(self) -> Iterator[StoreWriter]:
        """Hold the writer lock and lend the write side of the database.

        Raises:
            IndexLocked: another process is writing.
            IndexModelMismatch: another process rebuilt the index with another model.
        """
        with ExitStack() as stack:
            with self._registering:  # by the background: a moment, which is worth waiting for
                stack.enter_context(WriterLock(self.folder))
            yield stack.enter_context(self._writer())
        if self._training:
            self._training.start()

    @contextmanager
    def _registering_writer(self) -> Iterator[StoreWriter]:
        """Lend the writer to the background, and let no other writer of this process fail for it."""
        with self._registering, WriterLock(self.folder), self._writer() as writer:
            yield writer

    @contextmanager
    def _writer(self) -> Iterator[StoreWriter]:
        check_manifest(self.folder, self._store.manifest(), self.manifest)
        writer = StoreWriter(self._store.path)
        try:
            yield writer
        finally:
            writer.close()

    def publish(self, writer: StoreWriter) -> None:
        """Write the vectors to a file, so that the next process to open the index starts fast.

        A file that cannot be written is only a warning: what it would hold is in the database.
        """
        with _only_a_warning():
            self._publish(writer, may_train=self._training is None)

    def publish_unfinished(self, writer: StoreWriter, *, with_vectors: bool) -> None:
        """Write word files, and a vector file if asked, in the midst of an ingest; train nothing."""
        with _only_a_warning():
            if with_vectors:
                self._publish(writer, may_train=False)
            else:
                self._words.publish(writer)

    def mend(self) -> None:
        """Make the files anew that ``check_index`` finds wrong, from the database.

        Raises:
            IndexLocked: another process is writing.
            AnswerableError: a file cannot be written.
        """
        from .storage.generations import sweep

        restrict(self.folder)
        with self.writing() as writer:
            self._words.publish_anew(writer)
            self._publish(writer, may_train=True, is_suspect=True)
            sweep(self._store, self.folder)

    def _publish(self, writer: StoreWriter, *, may_train: bool, is_suspect: bool = False) -> None:
        from .storage.generations import publish

        publish(self._store, writer, self.folder, may_train=may_train, is_suspect=is_suspect)
        self._words.publish(writer)

    def _mend_vectors(self) -> None:
        """Replace vector files that could not be used, if no other process is writing now.

        Once for each defect: what cannot be mended now is mended by the next ingest.
        """
        if self._vectors.n_defects == self._n_defects_seen:
            return
        self._n_defects_seen = self._vectors.n_defects
        if self._training:
            self._training.start(is_suspect=True)
            return
        try:
            with self.writing() as writer:
                # Neither opening nor a search may take minutes.
                self._publish(writer, may_train=False, is_suspect=True)
        except AnswerableError as exc:
            # Searching works without the file; the next ingest writes it.
            logger.info("vector file not written: %s", exc)

    def _mend_words(self) -> None:
        """Write word files in place of those that could not be used, if nobody is writing now."""
        self._has_tried_to_mend = True
        try:
            with self.writing() as writer:
                self._words.publish(writer)
        except AnswerableError as exc:
            logger.info("word files not written: %s", exc)


@contextmanager
def _only_a_warning() -> Iterator[None]:
    try:
        yield
    except IndexDamaged:
        raise
    except AnswerableError as exc:
        logger.warning(
            "%s: nothing is lost, but until an ingest can write it the index opens slower", exc
        )


def manifest_for(encoder: Encoder) -> IndexManifest:
    """Return what an index made now with ``encoder`` says of itself."""
    return IndexManifest(
        encoder_name=encoder.name,
        encoder_sha256=encoder.sha256,
        dimension=encoder.dimension,
        splitter_version=SPLITTER_VERSION,
        schema_version=SCHEMA_VERSION,
    )


def check_manifest(folder: Path, stored: IndexManifest, expected: IndexManifest) -> None:
    """Refuse an index whose vectors or tables are not what this program expects.

    Raises:
        IndexModelMismatch: with both sides and the command that mends it.
    """
    if stored.schema_version > SCHEMA_VERSION:
        raise IndexModelMismatch(
            f"the index {folder} was written by a newer Answerable (schema "
            f"{stored.schema_version}, this one knows {SCHEMA_VERSION}): upgrade Answerable"
        )
    remedy = "embed its documents again with `answerable ingest --rebuild PATH`"
    if (stored.encoder_sha256, stored.dimension) != (expected.encoder_sha256, expected.dimension):
        raise IndexModelMismatch(
            f"the index {folder} was made with the model {_model(stored)}, and this is "
            f"{_model(expected)}: use that model, or {remedy}"
        )
    if stored.splitter_version != expected.splitter_version:
        raise IndexModelMismatch(
            f"the index {folder} was cut by splitter {stored.splitter_version}, and this is "
            f"splitter {expected.splitter_version}: {remedy}"
        )


def _bring_up_to_date(folder: Path, store: PassageStore) -> None:
    """Give an index of an older Answerable the tables of this one, in place.

    Raises:
        IndexLocked: another process is writing.
        AnswerableError: the folder cannot be written to.
    """
    version = store.manifest().schema_version
    if version == SCHEMA_VERSION:
        return
    with WriterLock(folder):
        StoreWriter(store.path).close()  # applies what is missing, in one transaction
    logger.info("index %s: tables changed from version %d to %d", folder, version, SCHEMA_VERSION)


def _model(manifest: IndexManifest) -> str:
    return f"{manifest.encoder_name} ({manifest.encoder_sha256[:12]}, {manifest.dimension} wide)"
