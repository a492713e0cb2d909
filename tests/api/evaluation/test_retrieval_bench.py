"""The bench of retrieval: its figures belong to the searches it made, its baseline is exact."""

from pathlib import Path

import pytest

from answerable.api import AnswerableError, Engine, Settings, bench_retrieval
from answerable.api.evaluation.retrieval_bench import sample_documents
from answerable.api.evaluation.retrieval_speed import disk_bytes, measure_speed, sample_questions
from answerable.index import Filters, LocalIndex
from answerable.retriever import HybridRetriever, StageTimes, TimedEncoder, TimedIndex
from tests.fakes import HashEncoder
from tests.index.samples import contents, put_texts

TEXTS = {f"{i}": [f"Number {i} of the notes is about thing {i * 7 % 30}."] for i in range(30)}


@pytest.fixture
def index(tmp_path: Path) -> LocalIndex:
    """An index of thirty notes."""
    index = LocalIndex.open(tmp_path / "index", HashEncoder(), create=True)
    put_texts(index, HashEncoder(), TEXTS, publish=True)
    return index


def test_speed_of_a_small_index(index: LocalIndex) -> None:
    """Counts, stages that sum up, a ratio of the medians, and nothing that exact search misses."""
    questions = sample_questions(index, 12)
    assert len(set(questions)) == 12 and questions == sample_questions(index, 12)
    told = []
    speed = measure_speed(
        index, HashEncoder(), questions, 5, on_progress=lambda *progress: told.append(progress)
    )
    assert (speed.documents, speed.passages, speed.questions) == (30, 30, 12)
    assert [one.stage for one in speed.stages] == [
        "encode",
        "dense",
        "lexical",
        "fuse_and_fetch",
        "whole",
    ]
    *parts, whole = speed.stages
    assert all(0 < one.p50_ms <= one.p99_ms for one in speed.stages)
    assert max(one.p50_ms for one in parts) < whole.p50_ms
    assert whole.times_as_fast == pytest.approx(whole.baseline_p50_ms / whole.p50_ms, abs=0.01)
    assert speed.recall_of_exact == 1.0
    assert told[-1] == (12, 12, "questions")


def test_the_baseline_is_exact(index: LocalIndex) -> None:
    """Exact search gives the scores of all vectors, and the ids of all passages are known."""
    vector = HashEncoder().encode(["thing 21 of the notes"])[0]
    exact = index.exact_search()(vector, 30)
    assert exact == index.dense_search(vector, 30, Filters())
    assert index.passage_ids() == contents(index).vectors


def test_timed_parts_change_nothing(index: LocalIndex) -> None:
    """A retriever over the timing parts finds what it finds without, and each stage is told."""
    times = StageTimes()
    timed = HybridRetriever(TimedIndex(index, times), TimedEncoder(HashEncoder(), times))
    plain = HybridRetriever(index, HashEncoder())
    assert timed.search("about thing 7", 5, Filters()) == plain.search(
        "about thing 7", 5, Filters()
    )
    assert times.ms.keys() == {"encode", "dense", "lexical", "fetch"}
    replaced = HybridRetriever(
        TimedIndex(index, times, lambda vector, k: []), TimedEncoder(HashEncoder(), times)
    )
    assert replaced.search("about thing 7", 5, Filters(), "dense") == []


def test_bytes_are_those_of_the_files(index: LocalIndex) -> None:
    """The parts are the files of the folder, and their sum."""
    per_passage = disk_bytes(index.folder, 1)
    files = {path.name: path.stat().st_size for path in index.folder.rglob("*") if path.is_file()}
    assert per_passage["disk"] == sum(files.values()) - files["writer.lock"]
    assert per_passage["vectors"] == sum(s for n, s in files.items() if n.endswith(".faiss"))


def test_the_sample_is_text(tmp_path: Path) -> None:
    """The sample needs no file of ours, and is always the same."""
    documents = list(sample_documents())
    assert len(documents) > 20 and documents == list(sample_documents())
    assert all(document.text.strip() for document in documents)


@pytest.mark.model
def test_an_empty_index_is_told(tmp_path: Path) -> None:
    """There is nothing to measure in an index without passages."""
    settings = Settings(index=tmp_path / "index")
    Engine.open(settings=settings, create=True).close()
    with pytest.raises(AnswerableError, match=r"is empty: ingest something, or --sample"):
        bench_retrieval(settings)
