"""Speed of retrieval on this machine, stage by stage, beside exact search in the same run."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import Encoder, Filters, LocalIndex, ScoredPassage, Vectors
from answerable.retriever import HybridRetriever, StageTimes, TimedEncoder, TimedIndex

from ..models import LazyEncoder

RETRIEVAL_BASELINE = (
    "exact search: every vector compared (FAISS Flat, FP32, one thread), the rest the same"
)
STAGES = ("encode", "dense", "lexical", "fuse_and_fetch", "whole")
_EVERYTHING = Filters()
_RECALL_DEPTH = 10
_QUESTION_WORDS = 10


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Milliseconds of one stage, ours and the baseline's; the ratio is of the medians.

    Attributes:
        times_as_fast: the baseline's median over ours.
    """

    stage: str
    p50_ms: float
    p99_ms: float
    baseline_p50_ms: float
    baseline_p99_ms: float
    times_as_fast: float


@dataclass(frozen=True, slots=True)
class RetrievalSpeed:
    """What searches of one index took.

    Attributes:
        questions: asked, each of both, in turn.
        recall_of_exact: share of what exact search finds among its first 10, for the dense
            channel.
        disk_bytes: per passage, by part of the index.
        memory_bytes: per passage, of a process that opened the index and asked all questions;
            None where the system does not tell.
    """

    documents: int
    passages: int
    questions: int
    stages: tuple[StageFigures, ...]
    recall_of_exact: float
    disk_bytes: dict[str, int]
    memory_bytes: int | None


def measure_speed(
    index: LocalIndex,
    encoder: Encoder,
    questions: Sequence[str],
    k: int,
    memory_bytes: int | None = None,
    on_progress: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> RetrievalSpeed:
    """Search for each question with the index and with the baseline, in turn.

    Args:
        index: holds at least one passage.
        encoder: that of the index.
        questions: at least one; all are searched once before, unmeasured.
        k: hits of a search.
        memory_bytes: see ``RetrievalSpeed``.
        on_progress: called with the number of questions done, that in all, and "questions".
    """
    times = StageTimes()
    exact = index.exact_search()
    timed_encoder = TimedEncoder(encoder, times)
    ours = HybridRetriever(TimedIndex(index, times), timed_encoder)
    baseline = HybridRetriever(TimedIndex(index, times, exact), timed_encoder)
    for question in questions:
        ours.search(question, k, _EVERYTHING)
    rows: dict[HybridRetriever, list[list[float]]] = {ours: [], baseline: []}
    for done, question in enumerate(questions, start=1):
        for retriever in (ours, baseline) if done % 2 else (baseline, ours):
            rows[retriever].append(_timed(retriever, question, k, times))
        on_progress(done, len(questions), "questions")
    stats = index.stats()
    return RetrievalSpeed(
        documents=stats.n_documents,
        passages=stats.n_passages,
        questions=len(questions),
        stages=tuple(_figures(rows[ours], rows[baseline])),
        recall_of_exact=_recall(index, exact, encoder.encode(questions)),
        disk_bytes=disk_bytes(index.folder, stats.n_passages),
        memory_bytes=memory_bytes,
    )


def speed_record(speed: RetrievalSpeed) -> dict[str, Any]:
    """Return the figures as JSON."""
    return {
        "documents": speed.documents,
        "passages": speed.passages,
        "questions": speed.questions,
        "baseline": RETRIEVAL_BASELINE,
        "stages": {
            one.stage: {
                "p50_ms": one.p50_ms,
                "p99_ms": one.p99_ms,
                "baseline_p50_ms": one.baseline_p50_ms,
                "baseline_p99_ms": one.baseline_p99_ms,
                "times_as_fast": one.times_as_fast,
            }
            for one in speed.stages
        },
        "recall_of_exact_at_10": speed.recall_of_exact,
        "bytes_per_passage": {**speed.disk_bytes, "memory": speed.memory_bytes},
    }


def sample_questions(index: LocalIndex, n: int) -> list[str]:
    """Return the first words of n passages of the index, the same ones each time."""
    ids = index.passage_ids()
    chosen = random.Random(0).sample(ids, min(n, len(ids)))
    passages = index.passages(chosen, _EVERYTHING)
    return [" ".join(passage.text.split()[:_QUESTION_WORDS]) for passage in passages]


def disk_bytes(folder: Path, n_passages: int) -> dict[str, int]:
    """Return what the parts of an index take on the disk for each passage."""
    parts = {"database": folder.glob("index.sqlite3*")} | {
        name: (folder / name).glob("*") for name in ("vectors", "words")
    }
    sizes = {name: sum(f.stat().st_size for f in files) for name, files in parts.items()}
    return {
        name: round(size / max(1, n_passages))
        for name, size in (*sizes.items(), ("disk", sum(sizes.values())))
    }


def memory_bytes(folder: Path, encoder: Path | None, questions: Sequence[str]) -> int | None:
    """Return the memory of opening an index and asking questions, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_memory_here, folder, encoder, list(questions)).result()


def _memory_here(folder: Path, encoder_folder: Path | None, questions: list[str]) -> int | None:
    encoder = LazyEncoder(encoder_folder, threads=1)
    vectors = encoder.encode(questions)
    # What FAISS and SQLite take whatever the index holds is not counted either.
    with LocalIndex.open(folder, encoder) as index:
        index.stats()
    before = _resident_bytes()
    with LocalIndex.open(folder, encoder) as index:
        retriever = HybridRetriever(index, encoder)
        for question, vector in zip(questions, vectors, strict=True):
            index.dense_search(vector, _RECALL_DEPTH, _EVERYTHING)
            retriever.search(question, _RECALL_DEPTH, _EVERYTHING, "lexical")
        after = _resident_bytes()
        n_passages = index.stats().n_passages
    return None if before is None or after is None else round((after - before) / n_passages)


def _resident_bytes() -> int | None:
    """Return the memory of this process that no file stands for; None where nobody says."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return 1024 * int(next(line for line in lines if line.startswith("RssAnon")).split()[1])


def _timed(retriever: HybridRetriever, question: str, k: int, times: StageTimes) -> list[float]:
    """Return the milliseconds of each of ``STAGES``."""
    times.ms.clear()
    started = time.perf_counter()
    retriever.search(question, k, _EVERYTHING)
    whole = 1000 * (time.perf_counter() - started)
    asked = [times.ms.get(stage, 0.0) for stage in STAGES[:3]]
    return [*asked, max(0.0, whole - sum(asked)), whole]


def _figures(
    ours: Sequence[Sequence[float]], baseline: Sequence[Sequence[float]]
) -> Iterator[StageFigures]:
    columns = zip(STAGES, np.transpose(ours), np.transpose(baseline), strict=True)
    for stage, our_ms, baseline_ms in columns:
        p50, p99 = np.percentile(our_ms, [50, 99])
        base_p50, base_p99 = np.percentile(baseline_ms, [50, 99])
        yield StageFigures(
            stage=stage,
            p50_ms=round(float(p50), 3),
            p99_ms=round(float(p99), 3),
            baseline_p50_ms=round(float(base_p50), 3),
            baseline_p99_ms=round(float(base_p99), 3),
            times_as_fast=round(float(base_p50 / p50), 2) if p50 else 1.0,
        )


def _recall(
    index: LocalIndex,
    exact: Callable[[Vectors, int], list[ScoredPassage]],
    vectors: Vectors,
) -> float:
    found = total = 0
    for vector in vectors:
        truth = {hit.passage_id for hit in exact(vector, _RECALL_DEPTH)}
        hits = index.dense_search(vector, _RECALL_DEPTH, _EVERYTHING)
        found += len(truth.intersection(hit.passage_id for hit in hits))
        total += len(truth)
    return round(found / total, 4)
