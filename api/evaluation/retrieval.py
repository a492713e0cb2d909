"""Evaluation of retrieval: a test collection in BEIR layout in, recall, MRR and nDCG out."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.index import AnswerableError, Encoder, Filters, LocalIndex, sha256_of_file
from answerable.retriever import (
    CUTOFFS,
    BeirFolder,
    HybridRetriever,
    Retriever,
    SearchMode,
    mean_scores,
    score_ranking,
)

from ..models import LazyEncoder, model_name
from ..text_documents import TextDocument, store_texts

MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "lexical")
COLLECTION = "beir"
_PREFIX = "beir:"  # of the documents' addresses

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class RetrievalOptions:
    """How retrieval is evaluated.

    Attributes:
        modes: which channels.
        k: documents ranked for each query, at least 20; recall is measured there, too.
        encoder: a folder; None for the shipped one.
        index: folder that keeps the index for the next time; None for a temporary one.
        threads: texts encoded at once; None for one per core.
    """

    modes: Sequence[SearchMode] = MODES
    k: int = max(CUTOFFS)
    encoder: Path | None = None
    index: Path | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class RankedQuery:
    """What one mode found for one query.

    Attributes:
        ranked: document ids with the scores of their best passages, best first.
        scores: by name, 0 to 1.
    """

    query_id: str
    mode: SearchMode
    ranked: tuple[tuple[str, float], ...]
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class RetrievalEvaluation:
    """A test collection, and how well it was searched.

    Attributes:
        name: of the collection's folder.
        sha256: of its files, by name.
        queries: with a relevant document; only these count.
        unjudged_queries: the others.
        unknown_judgements: of queries or of documents that are not there; those of documents
            count as not found.
        encoder: name and the beginning of its hash.
        metrics: by mode and name, in per cent.
        rankings: of each query and mode.
    """

    name: str
    sha256: dict[str, str]
    documents: int
    passages: int
    queries: int
    unjudged_queries: int
    unknown_judgements: int
    encoder: str
    metrics: dict[SearchMode, dict[str, float]]
    rankings: tuple[RankedQuery, ...]


def evaluate_retrieval(
    folder: Path,
    options: RetrievalOptions = RetrievalOptions(),
    *,
    on_progress: Progress = lambda done, total, name: None,
) -> RetrievalEvaluation:
    """Search a test collection for its queries and compare with its judgements.

    Documents are cut into passages and indexed as ``ingest`` does; a document ranks where its
    best passage does.

    Args:
        folder: in BEIR layout.
        options: how.
        on_progress: called with the number done, that in all, and of what.

    Raises:
        TestCollectionInvalid: the folder or a line of it is not in BEIR layout.
        ModelFolderInvalid: the encoder cannot be loaded.
        IndexModelMismatch: the index to use again was made with another encoder.
        IndexLocked: another process is writing to it.
    """
    collection = BeirFolder(folder)
    encoder = LazyEncoder(options.encoder, options.threads)
    with _index(options.index, encoder) as index:
        document_ids = fill_index(index, encoder, collection, on_progress)
        rankings = tuple(
            _rankings(HybridRetriever(index, encoder), collection, options, on_progress)
        )
        n_passages = index.stats().n_passages
    return RetrievalEvaluation(
        name=folder.resolve().name,
        sha256={path.name: sha256_of_file(path) for path in collection.files},
        documents=len(document_ids),
        passages=n_passages,
        queries=len(collection.queries),
        unjudged_queries=collection.n_unjudged,
        unknown_judgements=collection.n_unknown + _missing(collection, document_ids),
        encoder=model_name(encoder.name, encoder.sha256),
        metrics={
            mode: mean_scores([ranking.scores for ranking in rankings if ranking.mode == mode])
            for mode in options.modes
        },
        rankings=rankings,
    )


def retrieval_record(evaluation: RetrievalEvaluation) -> dict[str, Any]:
    """Return all there is to say but the rankings, as JSON."""
    return {
        "metrics": evaluation.metrics,
        "data": {
            "name": evaluation.name,
            "sha256": evaluation.sha256,
            "documents": evaluation.documents,
            "passages": evaluation.passages,
            "queries": evaluation.queries,
            "unjudged_queries": evaluation.unjudged_queries,
            "unknown_judgements": evaluation.unknown_judgements,
        },
        "encoder": evaluation.encoder,
    }


def ranking_record(ranking: RankedQuery) -> dict[str, Any]:
    """Return what was found for one query in one mode, as JSON."""
    return {
        "query_id": ranking.query_id,
        "mode": ranking.mode,
        **ranking.scores,
        "ranked": [{"id": id_, "score": score} for id_, score in ranking.ranked],
    }


def fill_index(
    index: LocalIndex, encoder: Encoder, collection: BeirFolder, on_progress: Progress
) -> set[str]:
    """Bring the documents of a test collection into an index of its own; return their ids.

    Raises:
        AnswerableError: the index holds other documents.
    """
    others = sorted(set(index.stats().collections) - {COLLECTION})
    if others:
        raise AnswerableError(
            f"the index {index.folder} holds other documents (collection {others[0]!r}): "
            "name a folder that does not exist yet"
        )
    ids = {document.id for document in collection.documents()}
    store_texts(
        index,
        encoder,
        (TextDocument(_PREFIX + d.id, d.title, d.text) for d in collection.documents()),
        COLLECTION,
        lambda done: on_progress(done, len(ids), "documents"),
    )
    return ids


def ranked_documents(
    retriever: Retriever, question: str, n: int, mode: SearchMode
) -> list[tuple[str, float]]:
    """Return the n best documents with the scores of their best passages, best first."""
    k = n
    while True:
        hits = retriever.search(question, k, Filters(), mode)
        best: dict[str, float] = {}
        for hit in hits:
            best.setdefault(hit.document.uri.removeprefix(_PREFIX), hit.score)
        if len(best) >= n or len(hits) < k:
            return list(best.items())[:n]
        k *= 2  # several passages of one document are among the best


@contextmanager
def _index(folder: Path | None, encoder: Encoder) -> Iterator[LocalIndex]:
    if folder is not None:
        with LocalIndex.open(folder, encoder, create=True) as index:
            yield index
        return
    with (
        tempfile.TemporaryDirectory(prefix="answerable-") as temporary,
        LocalIndex.open(Path(temporary) / "index", encoder, create=True) as index,
    ):
        yield index


def _rankings(
    retriever: Retriever, collection: BeirFolder, options: RetrievalOptions, on_progress: Progress
) -> Iterator[RankedQuery]:
    cutoffs = sorted({*CUTOFFS, options.k})
    total = len(collection.queries) * len(options.modes)
    done = 0
    for query in collection.queries:
        for mode in options.modes:
            ranked = ranked_documents(retriever, query.text, options.k, mode)
            scores = score_ranking([id_ for id_, _ in ranked], query.grades, cutoffs)
            yield RankedQuery(query.id, mode, tuple(ranked), scores)
            done += 1
            on_progress(done, total, "searches")


def _missing(collection: BeirFolder, document_ids: set[str]) -> int:
    return sum(len(query.grades.keys() - document_ids) for query in collection.queries)
