"""Files into the index: unchanged ones skipped, changed ones replaced, failures listed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .documents import Extractor
from .embedding import PassageEmbedder
from .errors import ExtractionFailed
from .local import LocalIndex
from .manifest import sha256_of_file
from .metadata import metadata_json, metadata_pairs
from .sources import Sources, find_sources, is_gone
from .storage.store import StoredVersion
from .storage.writer import StoreWriter
from .types import (
    DEFAULT_COLLECTION,
    PUBLIC,
    Encoder,
    ExtractedDocument,
    FileFailure,
    Filters,
    IngestReport,
    Metadata,
    NewDocument,
)

# One transaction holds at most so many documents, and as few as reach so many passages: it bounds
# the memory, and the work that an interruption costs.
BATCH_DOCUMENTS = 16
BATCH_PASSAGES = 64


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How files are taken in.

    Attributes:
        principals: who may see the documents.
        prune: remove documents of the collection whose files under the folders are gone.
        metadata: what the documents are filtered by later.
    """

    collection: str = DEFAULT_COLLECTION
    principals: tuple[str, ...] = (PUBLIC,)
    prune: bool = False
    metadata: Metadata = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """How far an ingest is.

    Attributes:
        done, total: files.
        uri: the file just finished.
        passages: cut so far.
    """

    done: int
    total: int
    uri: str
    passages: int


def ingest(
    index: LocalIndex,
    encoder: Encoder,
    paths: Sequence[Path],
    options: IngestOptions,
    on_progress: Callable[[IngestProgress], None],
) -> IngestReport:
    """Bring the index up to date with the files under ``paths``.

    Whatever stops it, the batches committed before stay, and the next run goes on after them.

    Raises:
        SourceNotFound: a path does not exist; nothing was done.
        MetadataInvalid: the metadata cannot be stored; nothing was done.
        IndexLocked: another process is writing.
    """
    metadata_pairs(options.metadata)
    sources = find_sources(paths, index.folder)
    with index.writing() as writer, Extractor() as extractor:
        run = _Run(index, writer, PassageEmbedder(encoder), extractor, options)
        for done, path in enumerate(sources.files, start=1):
            run.take(path)
            on_progress(IngestProgress(done, len(sources.files), path.as_uri(), run.n_passages))
        run.flush()
        if options.prune:
            run.prune(sources)
        index.publish(writer)
    return run.report(sources)


class _Run:
    """One ingest: the batch that is waiting and the counts so far."""

    def __init__(
        self,
        index: LocalIndex,
        writer: StoreWriter,
        embedder: PassageEmbedder,
        extractor: Extractor,
        options: IngestOptions,
    ) -> None:
        self._index = index
        self._writer = writer
        self._embedder = embedder
        self._extractor = extractor
        self._options = options
        self._batch: list[NewDocument] = []
        self._failures: list[FileFailure] = []
        self._added = self._updated = self._unchanged = self._removed = 0
        self.n_passages = 0

    def take(self, path: Path) -> None:
        """Read one file into the batch, unless it is unchanged or cannot be read."""
        try:
            self._take(path, sha256_of_file(path))
        except ExtractionFailed as exc:
            self._failures.append(FileFailure(path.as_uri(), str(exc)))
        except OSError as exc:
            self._failures.append(FileFailure(path.as_uri(), f"cannot be read: {exc.strerror}"))
        n_waiting = sum(len(document.passages) for document in self._batch)
        if n_waiting >= BATCH_PASSAGES or len(self._batch) >= BATCH_DOCUMENTS:
            self.flush()

    def _take(self, path: Path, content_sha256: str) -> None:
        stored = self._index.stored_version(self._options.collection, path.as_uri())
        if stored is None or stored.content_sha256 != content_sha256:
            # The hash is of the bytes before extraction: should the file change in between, the
            # next ingest sees another hash and reads it again.
            document = self._new_document(path, content_sha256)
            self._batch.append(document)
            self.n_passages += len(document.passages)
            self._added += stored is None
            self._updated += stored is not None
        else:
            changed = self._update(stored)
            self._updated += changed
            self._unchanged += not changed

    def _update(self, stored: StoredVersion) -> bool:
        """Bring what is said of an unchanged document up to date; return whether it was not."""
        has_principals = stored.principals == tuple(sorted(set(self._options.principals)))
        if not has_principals:
            self._writer.set_principals(stored.document_id, self._options.principals)
        has_metadata = metadata_json(stored.metadata) == metadata_json(self._options.metadata)
        if not has_metadata:
            self._writer.set_metadata(stored.document_id, self._options.metadata)
        return not (has_principals and has_metadata)

    def _new_document(self, path: Path, content_sha256: str) -> NewDocument:
        extracted = self._extractor.extract(path)
        _check_text(extracted)
        status = path.stat()
        return NewDocument(
            uri=path.as_uri(),
            # A file name need not be valid UTF-8, and SQLite takes nothing else.
            title=(extracted.title or path.stem).encode("utf-8", "replace").decode(),
            collection=self._options.collection,
            media_type=extracted.media_type,
            content_sha256=content_sha256,
            size_bytes=status.st_size,
            text=extracted.text,
            pages=extracted.pages,
            principals=self._options.principals,
            modified_at=datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds"),
            passages=self._embedder.cut(extracted.text, extracted.media_type, extracted.pages),
            metadata=self._options.metadata,
        )

    def flush(self) -> None:
        """Encode the batch, then commit it whole."""
        batch, self._batch = self._batch, []
        if batch:
            passages = [passage for document in batch for passage in document.passages]
            self._writer.put(batch, self._embedder.encode(passages))

    def prune(self, sources: Sources) -> None:
        """Remove the collection's documents under the given folders whose files are gone."""
        roots = tuple(f"{folder.as_uri().rstrip('/')}/" for folder in sources.folders)
        stored = self._index.documents(Filters(collections=(self._options.collection,)))
        gone = [info.id for info in stored if info.uri.startswith(roots) and is_gone(info.uri)]
        self._removed = self._writer.remove(gone)

    def report(self, sources: Sources) -> IngestReport:
        """Return what was done."""
        return IngestReport(
            added=self._added,
            updated=self._updated,
            unchanged=self._unchanged,
            removed=self._removed,
            passages=self.n_passages,
            failures=(*sources.failures, *self._failures),
            skipped=sources.skipped,
        )


def _check_text(extracted: ExtractedDocument) -> None:
    if not extracted.text.strip():
        raise ExtractionFailed("no text found")
    try:
        extracted.text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise ExtractionFailed("its text is not valid Unicode") from exc
