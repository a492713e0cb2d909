"""Files to documents, a few at a time and in order: compared, read, cut, gathered in batches."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from .document_text import check_text
from .documents import Extractor
from .embedding import PassageEmbedder
from .errors import ExtractionFailed
from .local import LocalIndex
from .manifest import sha256_of_file
from .pipeline import Budget, Pipeline
from .sources import SourceFile
from .storage.store import StoredVersion
from .types import (
    DEFAULT_COLLECTION,
    PUBLIC,
    FileFailure,
    Metadata,
    NewDocument,
)

# One transaction holds about so much: enough that its fsync costs nothing beside the encoding,
# and little enough that an interruption does not cost more than a second or two of work.
BATCH_FILES = 128
BATCH_PASSAGES = 128
# A batch is also closed when its first file has waited so long: slow files are not lost either.
BATCH_SECONDS = 2.0
# Files read at once. Extraction is a child process each; on two cores a third gains nothing.
LOADERS = 2
LOOKAHEAD = 16
# Bytes of files under way, from before they are read until they are committed. A byte of text
# takes about 8 bytes of memory on that way.
BYTES_UNDER_WAY = 32_000_000
# No file gives more text than the extractor's limit, however large it is.
_MOST_BYTES = 20_000_000


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
class LoadedFile:
    """What came of one file.

    Attributes:
        document: to store; None if it is unchanged or failed.
        stored: what the index holds of it already; None if nothing.
    """

    uri: str
    size_bytes: int
    document: NewDocument | None = None
    stored: StoredVersion | None = None
    failure: FileFailure | None = None

    @property
    def weight(self) -> int:
        """Bytes that it is counted as while it is under way."""
        return min(self.size_bytes, _MOST_BYTES)

    @property
    def n_passages(self) -> int:
        """Passages to encode."""
        return len(self.document.passages) if self.document else 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that are committed together, in order."""

    files: tuple[LoadedFile, ...]

    @property
    def documents(self) -> list[NewDocument]:
        """Those to store."""
        return [file.document for file in self.files if file.document]

    @property
    def weight(self) -> int:
        """Bytes that it is counted as while it is under way."""
        return sum(file.weight for file in self.files)


class FileLoader:
    """Reads files in threads, each with a document reader of its own; leave its block to end."""

    def __init__(
        self, index: LocalIndex, embedder: PassageEmbedder, options: IngestOptions
    ) -> None:
        """Start nothing yet."""
        self._index = index
        self._embedder = embedder
        self._options = options
        self._extractors = [Extractor() for _ in range(LOADERS)]
        # The last one given back is lent first: easy files need one child, not two.
        self._idle = list(self._extractors)
        self._pool = ThreadPoolExecutor(LOADERS, thread_name_prefix="ingest")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for extractor in self._extractors:
            extractor.abort()
        self._pool.shutdown(cancel_futures=True)
        for extractor in self._extractors:
            extractor.close()

    def batches(
        self, sources: Iterable[SourceFile], budget: Budget, pipeline: Pipeline
    ) -> Iterator[Batch]:
        """Yield the files in batches, in the order of ``sources``.

        Args:
            sources: the files.
            budget: what is under way, in bytes; the taker gives back a batch's ``weight``.
            pipeline: that this runs in.
        """
        pending: deque[Future[LoadedFile]] = deque()
        batch = _OpenBatch(pipeline)
        for source in sources:
            weight = min(source.size_bytes, _MOST_BYTES)
            while pending and (len(pending) >= LOOKAHEAD or not budget.has_room(weight)):
                yield from batch.add(pending.popleft())
            if not budget.has_room(weight):
                yield from batch.close()
            budget.take(weight)
            pending.append(self._pool.submit(self.load, source))
        while pending:
            yield from batch.add(pending.popleft())
        yield from batch.close()

    def load(self, source: SourceFile) -> LoadedFile:
        """Read one file, unless it is unchanged; a file that cannot be read is a failure."""
        uri = source.path.as_uri()
        try:
            sha256 = sha256_of_file(source.path)
            stored = self._index.stored_version(self._options.collection, uri)
            if stored is not None and stored.content_sha256 == sha256:
                return LoadedFile(uri, source.size_bytes, stored=stored)
            # The hash is of the bytes before extraction: should the file change in between, the
            # next ingest sees another hash and reads it again.
            document = self._new_document(source, sha256)
        except ExtractionFailed as exc:
            return LoadedFile(uri, source.size_bytes, failure=FileFailure(uri, str(exc)))
        except OSError as exc:
            reason = f"cannot be read: {exc.strerror}"
            return LoadedFile(uri, source.size_bytes, failure=FileFailure(uri, reason))
        return LoadedFile(uri, source.size_bytes, document, stored)

    def _new_document(self, source: SourceFile, content_sha256: str) -> NewDocument:
        path = source.path
        extractor = self._idle.pop()  # list.append and list.pop are atomic
        try:
            extracted = extractor.extract(path)
        finally:
            self._idle.append(extractor)
        check_text(extracted.text)
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


class _OpenBatch:
    """Files that wait for others to be committed with."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._files: list[LoadedFile] = []
        self._n_passages = 0
        self._deadline: float | None = None

    def add(self, future: Future[LoadedFile]) -> Iterator[Batch]:
        """Wait for a file and add it; yield the batch that is full, or has waited too long."""
        try:
            file = self._pipeline.result_of(future, self._deadline)
        except TimeoutError:
            yield from self.close()
            file = self._pipeline.result_of(future)
        if not self._files:
            self._deadline = time.monotonic() + BATCH_SECONDS
        self._files.append(file)
        self._n_passages += file.n_passages
        if self._n_passages >= BATCH_PASSAGES or len(self._files) >= BATCH_FILES:
            yield from self.close()

    def close(self) -> Iterator[Batch]:
        """Yield what has been gathered, if anything."""
        if self._files:
            yield Batch(tuple(self._files))
        self._files, self._n_passages, self._deadline = [], 0, None
