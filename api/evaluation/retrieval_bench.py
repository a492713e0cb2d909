"""``bench retrieval``: which index is measured, and all that is said of it."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.index import AnswerableError, Encoder, LocalIndex
from answerable.retriever import BeirFolder, HybridRetriever, mean_scores, score_ranking

from ..models import LazyEncoder, model_name
from ..settings import Settings
from ..text_documents import TextDocument, store_texts
from .retrieval import MODES, Progress, fill_index, ranked_documents
from .retrieval_speed import (
    RetrievalSpeed,
    measure_speed,
    memory_bytes,
    sample_questions,
    speed_record,
)

_SAMPLE_CHARS = 250_000
_RANKED = 20


@dataclass(frozen=True, slots=True)
class RetrievalBench:
    """What was measured.

    Attributes:
        source: a test collection's name, ``sample``, or the folder of the user's index.
        build_seconds: cutting, encoding and writing; None for an index that was there.
        metrics: by mode and name, in per cent; None without labels.
    """

    source: str
    encoder: str
    build_seconds: float | None
    speed: RetrievalSpeed
    metrics: dict[str, dict[str, float]] | None


def bench_retrieval(
    settings: Settings,
    *,
    labels: Path | None = None,
    is_sample: bool = False,
    questions: int = 200,
    on_progress: Progress = lambda done, total, name: None,
) -> RetrievalBench:
    """Measure searches of the index of the settings, of a test collection, or of a sample.

    Args:
        settings: which index and encoder; how many hits.
        labels: a folder in BEIR layout, whose documents and queries are used instead.
        is_sample: use the sample, Python's own language reference, instead of an index.
        questions: most to ask; without labels, the first words of so many passages.
        on_progress: called with the number done, that in all, and of what.

    Raises:
        IndexNotFound: there is no index.
        TestCollectionInvalid: the labels are not in BEIR layout.
        AnswerableError: the index is empty, or Python came without its reference.
    """
    encoder = LazyEncoder(settings.encoder, settings.threads)
    encoder.encode(["warm"])
    with (
        _measured(settings, encoder, labels, is_sample, on_progress) as (folder, collection, took),
        LocalIndex.open(folder, encoder) as index,
    ):
        if not index.stats().n_passages:
            raise AnswerableError(f"the index {folder} is empty: ingest something, or --sample")
        asked = (
            [query.text for query in collection.queries[:questions]]
            if collection
            else sample_questions(index, questions)
        )
        memory = memory_bytes(folder, settings.encoder, asked)
        speed = measure_speed(index, encoder, asked, settings.k, memory, on_progress)
        metrics = _metrics(index, encoder, collection, on_progress) if collection else None
    return RetrievalBench(
        source=labels.resolve().name if labels else "sample" if is_sample else str(folder),
        encoder=model_name(encoder.name, encoder.sha256),
        build_seconds=took,
        speed=speed,
        metrics=metrics,
    )


def bench_record(bench: RetrievalBench) -> dict[str, Any]:
    """Return the figures as JSON."""
    return {
        "source": bench.source,
        "encoder": bench.encoder,
        "build_seconds": bench.build_seconds,
        **speed_record(bench.speed),
        "metrics": bench.metrics,
    }


@contextmanager
def _measured(
    settings: Settings,
    encoder: Encoder,
    labels: Path | None,
    is_sample: bool,
    on_progress: Progress,
) -> Iterator[tuple[Path, BeirFolder | None, float | None]]:
    """Lend the folder of the index, the labels, and the seconds of building it if it was built."""
    if labels is None and not is_sample:
        yield settings.index, None, None
        return
    collection = BeirFolder(labels) if labels else None
    with tempfile.TemporaryDirectory(prefix="answerable-") as temporary:
        folder = Path(temporary) / "index"
        started = time.perf_counter()
        with LocalIndex.open(folder, encoder, create=True) as index:
            if collection:
                fill_index(index, encoder, collection, on_progress)
            else:
                documents = list(sample_documents())
                progress: Callable[[int], None] = lambda done: on_progress(
                    done, len(documents), "documents"
                )
                store_texts(index, encoder, documents, "sample", progress)
        yield folder, collection, round(time.perf_counter() - started, 2)


def sample_documents() -> Iterator[TextDocument]:
    """Yield topics of the language reference that comes with every Python, up to a length.

    Raises:
        AnswerableError: this Python came without it.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as exc:
        raise AnswerableError(
            "this Python has no pydoc_data, which the sample is made of: name an --index"
        ) from exc
    n_chars = 0
    for name in sorted(topics):
        yield TextDocument(f"topic:{name}", name, topics[name])
        n_chars += len(topics[name])
        if n_chars > _SAMPLE_CHARS:
            return


def _metrics(
    index: LocalIndex, encoder: Encoder, collection: BeirFolder, on_progress: Progress
) -> dict[str, dict[str, float]]:
    retriever = HybridRetriever(index, encoder)
    total = len(MODES) * len(collection.queries)
    metrics: dict[str, dict[str, float]] = {}
    for number, mode in enumerate(MODES):
        scores = []
        for done, query in enumerate(collection.queries, start=1):
            ranked = ranked_documents(retriever, query.text, _RANKED, mode)
            scores.append(score_ranking([id_ for id_, _ in ranked], query.grades))
            on_progress(number * len(collection.queries) + done, total, "searches")
        metrics[mode] = mean_scores(scores)
    return metrics
