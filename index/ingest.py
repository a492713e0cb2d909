"""Files into the index: unchanged ones skipped, changed ones replaced, failures listed.

Reading and cutting, encoding, and writing go on at the same time, each a few batches ahead of
the next (pipeline.py); one thread writes, the caller's own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .embedding import PassageEmbedder
from .loading import BYTES_UNDER_WAY, Batch, FileLoader, IngestOptions, LoadedFile
from .local import LocalIndex
from .metadata import metadata_json, metadata_pairs
from .pace import Pace
from .pipeline import Budget, Pipeline
from .sources import Sources, find_sources, is_gone
from .storage.store import StoredVersion
from .storage.writer import StoreWriter
from .types import Encoder, FileFailure, IngestReport, Vectors

# Batches that one stage may be ahead of the next. The writer stops to write word files now and
# then; meanwhile the encoder must not run out of room.
BATCHES_AHEAD = 8
# Word files are written after so many new passages, while the encoder goes on.
WORDS_EVERY_PASSAGES = 8192
# Vector files when there are so many times as many vectors as in the last: each holds them all.
VECTORS_GROWTH = 2


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """How far an ingest is: what is told has been committed.

    Attributes:
        done, total: files.
        uri: the file just finished.
        passages: stored so far.
        passages_per_s: over the last half minute; None in the first moments.
        seconds_left: at that pace; None likewise.
    """

    done: int
    total: int
    uri: str
    passages: int
    passages_per_s: float | None = None
    seconds_left: float | None = None


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
    embedder = PassageEmbedder(encoder)
    with index.writing() as writer:
        run = _Run(index, writer, options, sources, on_progress)
        with FileLoader(index, embedder, options) as loader, Pipeline() as pipeline:
            budget = Budget(BYTES_UNDER_WAY, pipeline)
            # 1. Compare with what is stored, read, cut.
            loaded = pipeline.ahead(loader.batches(sources, budget, pipeline), BATCHES_AHEAD)
            # 2. Encode.
            encoded = pipeline.ahead(_encoded(embedder, loaded), BATCHES_AHEAD)
            # 3. Commit.
            for batch, vectors in encoded:
                run.store(batch, vectors)
                budget.give(batch.weight)
        if options.prune:
            run.prune()
        index.publish(writer)
    return run.report()


def _encoded(
    embedder: PassageEmbedder, batches: Iterable[Batch]
) -> Iterator[tuple[Batch, Vectors]]:
    for batch in batches:
        passages = [passage for document in batch.documents for passage in document.passages]
        yield batch, embedder.encode(passages)


class _Run:
    """One ingest: what is written, and the counts so far."""

    def __init__(
        self,
        index: LocalIndex,
        writer: StoreWriter,
        options: IngestOptions,
        sources: Sources,
        on_progress: Callable[[IngestProgress], None],
    ) -> None:
        self._index = index
        self._writer = writer
        self._options = options
        self._sources = sources
        self._on_progress = on_progress
        self._failures: list[FileFailure] = []
        self._added = self._updated = self._unchanged = self._removed = 0
        self._done = self._n_passages = 0
        self._total = sources.total()
        self._pace = Pace(self._total.files, self._total.size_bytes)
        self._n_indexed = self._n_in_vector_file = index.stats().n_passages
        self._n_in_word_files = self._n_indexed

    def store(self, batch: Batch, vectors: Vectors) -> None:
        """Commit a batch whole, then tell of its files.

        Args:
            batch: the files.
            vectors: (n_passages, dimension) float32, of all its documents' passages in turn.
        """
        with self._writer.together():
            if batch.documents:
                self._writer.put(batch.documents, vectors)
            changed = [self._take(file) for file in batch.files]
        for file, is_changed in zip(batch.files, changed, strict=True):
            self._count(file, is_changed)
        self._publish_now_and_then(len(vectors))

    def _take(self, file: LoadedFile) -> bool:
        """Write what is not in ``put``; return whether the file changed anything."""
        if file.document or file.failure or file.stored is None:
            return file.document is not None
        return self._update(file.stored)

    def _update(self, stored: StoredVersion) -> bool:
        """Bring what is said of an unchanged document up to date; return whether it was not."""
        has_principals = stored.principals == tuple(sorted(set(self._options.principals)))
        if not has_principals:
            self._writer.set_principals(stored.document_id, self._options.principals)
        has_metadata = metadata_json(stored.metadata) == metadata_json(self._options.metadata)
        if not has_metadata:
            self._writer.set_metadata(stored.document_id, self._options.metadata)
        return not (has_principals and has_metadata)

    def _count(self, file: LoadedFile, is_changed: bool) -> None:
        if file.failure:
            self._failures.append(file.failure)
        elif file.stored is None:
            self._added += 1
        else:
            self._updated += is_changed
            self._unchanged += not is_changed
        self._done += 1
        self._n_passages += file.n_passages
        self._pace.add(file.size_bytes, self._n_passages)
        self._on_progress(
            IngestProgress(
                self._done,
                max(self._done, self._total.files),  # files may appear after they were counted
                file.uri,
                self._n_passages,
                self._pace.passages_per_s,
                self._pace.seconds_left,
            )
        )

    def _publish_now_and_then(self, n_new: int) -> None:
        """Write files in the midst of a long ingest: others search fast, and the end is near."""
        self._n_indexed += n_new
        if self._n_indexed - self._n_in_word_files < WORDS_EVERY_PASSAGES:
            return
        has_grown = self._n_indexed >= VECTORS_GROWTH * self._n_in_vector_file
        self._index.publish_unfinished(self._writer, with_vectors=has_grown)
        self._n_in_word_files = self._n_indexed
        if has_grown:
            self._n_in_vector_file = self._n_indexed

    def prune(self) -> None:
        """Remove the collection's documents under the given folders whose files are gone."""
        roots = tuple(f"{folder.as_uri().rstrip('/')}/" for folder in self._sources.folders)
        addresses = self._index.addresses(self._options.collection)
        gone = [id_ for id_, uri in addresses if uri.startswith(roots) and is_gone(uri)]
        self._removed = self._writer.remove(gone)

    def report(self) -> IngestReport:
        """Return what was done."""
        return IngestReport(
            added=self._added,
            updated=self._updated,
            unchanged=self._unchanged,
            removed=self._removed,
            passages=self._n_passages,
            failures=(*self._sources.failures, *self._failures),
            skipped=self._sources.skipped,
        )
