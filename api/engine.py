"""The Python entry to Answerable: an index and its models behind a few methods.

``Engine.ask`` is the path of one question. Everything heavier than composing
lives in ``answerable.index``, ``answerable.retriever`` and ``answerable.reader``.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from answerable.index import (
    Document,
    DocumentNotFound,
    Encoder,
    Filters,
    IngestOptions,
    IngestProgress,
    IngestReport,
    LocalIndex,
    ingest,
    reembed,
)
from answerable.reader import Profile, ProfileName, Reader, Span
from answerable.retriever import HybridRetriever, SearchMode, passage_priors

from .calibrate_command import calibrate_command
from .checks import (
    checked_collection,
    checked_count,
    checked_limits,
    checked_principals,
    checked_question,
)
from .filters import SearchFilters, checked_filters
from .index_reader import IndexReader, ReaderSource
from .models import LazyEncoder, model_name
from .profile_asking import ask_by_profile, checked_profile
from .quotes import ask_result, document_ref, quote, search_hit
from .reading import GUARANTEE_CONFIDENCE, Examined, retrieval_evidence
from .settings import Settings, load_settings
from .targets import matching_documents
from .types import (
    AnswerLimit,
    AskResult,
    AskTiming,
    RemoveReport,
    SearchResult,
    SearchTiming,
    Status,
)


class Engine:
    """Answers questions from one index; safe to share between threads.

    Example:
        >>> with Engine.open("handbook.index", create=True) as engine:  # doctest: +SKIP
        ...     engine.ingest(["handbook/"])
        ...     result = engine.ask("How many days may I work from home?")
    """

    def __init__(
        self,
        index: LocalIndex,
        encoder: Encoder,
        reader: Callable[[], Reader] | ReaderSource,
        settings: Settings,
    ) -> None:
        """Compose an engine from its parts; ``Engine.open`` is the usual way to get one."""
        self.settings = settings
        self._index = index
        self._encoder = encoder
        source = reader if isinstance(reader, ReaderSource) else ReaderSource(reader)
        self.reader = IndexReader(source, settings.index, encoder, calibrate_command(settings))
        self._retriever = HybridRetriever(index, encoder)

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        settings: Settings | None = None,
        *,
        create: bool = False,
    ) -> Self:
        """Open an index folder with the models that the settings name.

        Args:
            path: of the index folder; None for the settings'.
            settings: None to read them from the environment.
            create: make the index if there is none.

        Raises:
            IndexNotFound: there is none, and ``create`` is off.
            IndexModelMismatch: it was built with another encoder.
            IndexDamaged: its database cannot be read.
            ModelFolderInvalid: the encoder's folder is incomplete or damaged.
            SettingsInvalid: a setting holds an impossible value.
        """
        settings = settings or load_settings()
        encoder = LazyEncoder(settings.encoder, settings.threads)
        folder = Path(path) if path is not None else settings.index
        return cls(
            LocalIndex.open(folder, encoder, create=create),
            encoder,
            ReaderSource.of(settings),
            settings.model_copy(update={"index": folder}),
        )

    @classmethod
    def rebuild(
        cls,
        path: str | Path | None = None,
        settings: Settings | None = None,
        *,
        on_progress: Callable[[IngestProgress], None] = lambda progress: None,
    ) -> int:
        """Embed all stored documents again with the encoder of the settings; count them.

        For an index of another model, which ``open`` refuses. Until it is done the index
        stays as it was; the files that the documents came from are not needed.

        Args:
            path: of the index folder; None for the settings'.
            settings: None to read them from the environment.
            on_progress: called after each document.

        Raises:
            IndexNotFound: there is no index.
            IndexLocked: another process is writing.
            ModelFolderInvalid: the encoder's folder is incomplete or damaged.
        """
        settings = settings or load_settings()
        encoder = LazyEncoder(settings.encoder, settings.threads)
        return reembed(Path(path) if path is not None else settings.index, encoder, on_progress)

    @property
    def index(self) -> LocalIndex:
        """The index that is asked, for reading and storing single documents."""
        return self._index

    @property
    def encoder(self) -> Encoder:
        """The index's encoder."""
        return self._encoder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the index; the engine cannot be used afterwards."""
        self._index.close()

    def train_in_background(self) -> Self:
        """Train and mend vector files beside searches and writes, in a process that lives on."""
        self._index.train_in_background()
        return self

    def warm(self) -> None:
        """Load both models and run the encoder once, so that the first question is not slower.

        Raises:
            ModelFolderInvalid: a model cannot be loaded.
        """
        self._encoder.encode(["warm"])
        self.reader.get()

    def ingest(
        self,
        paths: Iterable[str | Path],
        *,
        collection: str = "default",
        principals: Iterable[str] = ("public",),
        prune: bool = False,
        metadata: Mapping[str, Any] | None = None,
        on_progress: Callable[[IngestProgress], None] = lambda progress: None,
    ) -> IngestReport:
        """Bring files and folders into the index; unchanged files are skipped.

        Args:
            paths: files and folders.
            collection: name under which the documents can be asked separately.
            principals: who may see them, e.g. ``("group:hr",)``; everybody by default.
            prune: remove documents of these folders whose files are gone.
            metadata: a JSON object that the documents can be filtered by.
            on_progress: called after each file.

        Raises:
            SourceNotFound: a path does not exist.
            IndexLocked: another process is writing.
            PrincipalInvalid: a principal is not of the form ``group:hr``.
            MetadataInvalid: the metadata is no JSON object, or too large.
        """
        options = IngestOptions(
            checked_collection(collection), checked_principals(principals), prune, metadata or {}
        )
        return ingest(
            self._index, self._encoder, [Path(path) for path in paths], options, on_progress
        )

    def search(
        self,
        query: str,
        *,
        k: int | None = None,
        mode: SearchMode = "hybrid",
        collection: str | None = None,
        filters: SearchFilters | None = None,
        principals: Iterable[str] | None = None,
    ) -> SearchResult:
        """Return the passages nearest to a query, best first.

        Args:
            query: a question or a few words.
            k: most passages to return, 1 or more; None for the settings'.
            mode: ``lexical`` needs no model.
            collection: None for all.
            filters: what else to narrow the search to; None for nothing.
            principals: who asks; None lifts the permission check.

        Raises:
            QuestionInvalid: the query is empty, too long, or not text.
            FilterInvalid: a filter has a value that it cannot have.
            SettingsInvalid: ``k`` is less than 1.
        """
        started = perf_counter()
        query = checked_question(query, self.settings.max_question_chars)
        seen = checked_filters(filters, collection, principals)
        k = checked_count("k", k, self.settings.k)
        hits = self._retriever.search(query, k, seen, mode)
        timing = SearchTiming(total=_ms(started, perf_counter()))
        return SearchResult(query, mode, tuple(search_hit(hit) for hit in hits), timing)

    def ask(
        self,
        question: str,
        *,
        k: int | None = None,
        n_best: int | None = None,
        min_probability: float | None = None,
        max_error: float | None = None,
        profile: ProfileName | Profile | None = None,
        collection: str | None = None,
        filters: SearchFilters | None = None,
        principals: Iterable[str] | None = None,
    ) -> AskResult:
        """Return the best quote that answers a question, or why there is none.

        Args:
            question: in plain words.
            k: passages to read, 1 or more; None for the settings'.
            n_best: candidates to return, 1 or more; None for the settings'.
            min_probability: abstain below it; None for the settings' or the reader's own.
            max_error: abstain so that at most this share of the answers is wrong, on questions
                like those of the calibration, with 90% confidence; None for the settings'.
            profile: another system whose rule shall decide, in place of ours; no limit goes with it.
            collection: None for all.
            filters: what else to narrow the search to; None for nothing.
            principals: who asks; None lifts the permission check.

        Raises:
            QuestionInvalid: the question is empty, too long, or not text.
            FilterInvalid: a filter has a value that it cannot have.
            LimitInvalid: both limits are given, or one cannot hold.
            SettingsInvalid: ``k`` or ``n_best`` is less than 1.
            ProfileUnknown: there is no such profile.
            MaxErrorUnsupported: the calibration cannot support ``max_error``; it says what it can.
            CalibrationNeeded: ``max_error`` is given, and nothing was fitted.
            CalibrationMismatch: the calibration is for other models; it says what to run.
            ModelFolderInvalid: a model cannot be loaded.
        """
        seen = checked_filters(filters, collection, principals)
        k = checked_count("k", k, self.settings.k)
        n_best = checked_count("n_best", n_best, self.settings.n_best)
        if profile is not None:
            return ask_by_profile(
                checked_question(question, self.settings.max_question_chars),
                checked_profile(profile, min_probability, max_error),
                lambda asked: self._retriever.search(asked, k, seen),
                self.reader,
                lambda spans: self._documents(spans, seen),
                n_best=n_best,
            )
        limits = checked_limits(min_probability, max_error, self.settings)
        return self.examine(question, seen, *limits, k=k, n_best=n_best).result

    def examine(
        self,
        question: str,
        filters: Filters,
        min_probability: float | None = None,
        max_error: float | None = None,
        *,
        k: int | None = None,
        n_best: int | None = None,
        reader: IndexReader | None = None,
    ) -> Examined:
        """Answer a question and return what the answer was made of, too: see ``ask``.

        Args:
            question: in plain words.
            filters: checked.
            min_probability: at most one of the two limits.
            max_error: the other.
            k: passages to read; None for the settings'.
            n_best: candidates to return; None for the settings'.
            reader: None for the index's own.
        """
        started = perf_counter()
        reader = (reader or self.reader).held()  # one calibration, whatever is stored meanwhile
        # 1. Check the question.
        question = checked_question(question, self.settings.max_question_chars)
        # 2. Retrieve what the asker may see.
        hits = self._retriever.search(question, checked_count("k", k, self.settings.k), filters)
        retrieved = perf_counter()
        # 3. Read it: spans of all passages on one scale, and whether the best is good enough.
        is_foreign = reader.is_foreign(max_error)
        prediction = reader.get().read(
            question,
            [hit.passage for hit in hits],
            priors=passage_priors(hits),
            evidence=[retrieval_evidence(rank, hit) for rank, hit in enumerate(hits, start=1)],
            n_best=checked_count("n_best", n_best, self.settings.n_best),
            min_probability=min_probability,
            max_error=max_error,
        )
        read = perf_counter()
        # 4. Quote from the documents as stored.
        documents = self._documents(prediction.spans, filters)
        quotes = {span: quote(span, documents) for span in prediction.spans}
        done = perf_counter()
        confidence = None if max_error is None else GUARANTEE_CONFIDENCE
        result = ask_result(
            question,
            hits,
            prediction,
            quotes,
            limit=AnswerLimit(prediction.min_probability, max_error, confidence),
            timing=AskTiming(_ms(started, retrieved), _ms(retrieved, read), _ms(started, done)),
            models=reader.model_names(),
            is_shifted=prediction.is_shifted or is_foreign,
        )
        return Examined(result, tuple(hits), prediction)

    def status(self) -> Status:
        """Say what the index holds; needs no model, but a calibration's own to check it."""
        stats, manifest = self._index.stats(), self._index.manifest
        encoder = model_name(manifest.encoder_name, manifest.encoder_sha256)
        return Status(
            index=str(self.settings.index),
            documents=stats.n_documents,
            passages=stats.n_passages,
            characters=stats.n_chars,
            collections=stats.collections,
            size_bytes=stats.size_bytes,
            last_ingested_at=stats.last_ingested_at,
            encoder=encoder,
            schema_version=manifest.schema_version,
            models=self.reader.index_models(encoder),
        )

    def remove(self, targets: Iterable[str | int | Path]) -> RemoveReport:
        """Remove documents from the index; the files themselves are left alone.

        Args:
            targets: document ids, URIs, files, or folders with everything below them.

        Raises:
            IndexLocked: another process is writing.
        """
        stored = self._index.documents(Filters())
        found = {str(target): matching_documents(str(target), stored) for target in targets}
        documents = {document.id: document for match in found.values() for document in match}
        if documents:
            self._index.delete(list(documents))
        return RemoveReport(
            removed=tuple(document_ref(document) for document in documents.values()),
            not_found=tuple(target for target, match in found.items() if not match),
        )

    def _documents(self, spans: Iterable[Span], filters: Filters) -> dict[int, Document]:
        """Return the documents of spans by id, less those that were removed meanwhile."""
        documents = {}
        for document_id in {span.document_id for span in spans}:
            with suppress(DocumentNotFound):
                documents[document_id] = self._index.document(document_id, filters)
        return documents


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 1)
