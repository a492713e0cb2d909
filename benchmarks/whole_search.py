"""A whole search at a million passages: encode, both channels, fuse, fetch; by stage.

    python benchmarks/whole_search.py FOLDER --data DATA --vectors VECTORS.npy --note "WHAT THEY ARE"

FOLDER holds the index of ``wiki_index.py``, whose passages are real, or will be made there. Passage
i + 1 gets row i of VECTORS, unit vectors of the shipped encoder or grown from such (see
``grown_vectors.py``), so the dense and the lexical channel find different passages: what is
measured is time. Questions are those of dev-a, each asked once before. The encoder runs on one
thread for one question, as in the product. Run it on a quiet machine.
"""

import argparse
import gzip
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from report import sha256_of, write_report
from wiki_index import PlaceholderEncoder, Vectors, open_wiki_index

from answerable.index import Filters, LocalIndex
from answerable.retriever import (
    HybridRetriever,
    OnnxEncoder,
    StageTimes,
    TimedEncoder,
    TimedIndex,
)

CASES = {
    "owner": Filters(),
    "public": Filters(principals=()),
    "group_2000th": Filters(principals=("group:2000th",)),
    "collection_200th": Filters(collections=("200th",)),
}


def main() -> None:
    """Open or make the index, ask, write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--vectors", type=Path, required=True)
    parser.add_argument("--note", required=True, help="what the vectors are")
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--k", type=int, default=10)
    arguments = parser.parse_args()
    dev = arguments.data / "squad" / "dev-a-v2.0.json.gz"
    questions = random.Random(0).sample(read_questions(dev), arguments.questions)
    encoder = OnnxEncoder.load(threads=1)
    vectors = np.load(arguments.vectors, mmap_mode="r")
    filler = _Filler(encoder, vectors)
    with open_wiki_index(arguments.folder, arguments.data, len(vectors), filler) as index:
        stats = index.stats()
        figures = {
            "data": {"questions": sha256_of(dev), "vectors": arguments.note},
            "passages": stats.n_passages,
            "documents": stats.n_documents,
            "bytes_on_disk": stats.size_bytes,
            "k": arguments.k,
            "milliseconds": {
                name: timed(index, encoder, questions, filters, arguments.k)
                for name, filters in CASES.items()
            },
        }
    print(write_report("whole_search", figures).read_text(encoding="utf-8"))


class _Filler(PlaceholderEncoder):
    """Stands for the encoder while an index is filled: hands out stored vectors in turn."""

    def __init__(self, encoder: OnnxEncoder, vectors: Vectors) -> None:
        self.name, self.sha256 = encoder.name, encoder.sha256
        self.dimension = encoder.dimension
        self._vectors = vectors
        self._n_given = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return the next vectors, whatever the texts say."""
        first, self._n_given = self._n_given, self._n_given + len(texts)
        return np.asarray(self._vectors[first : self._n_given])


def read_questions(path: Path) -> list[str]:
    """Return the questions of a SQuAD file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    return [
        question["question"]
        for article in articles
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]


def timed(
    index: LocalIndex, encoder: OnnxEncoder, questions: Sequence[str], filters: Filters, k: int
) -> dict[str, Any]:
    """Return the times of all questions by stage; the first is apart, and all are asked before."""
    times = StageTimes()
    retriever = HybridRetriever(TimedIndex(index, times), TimedEncoder(encoder, times))
    started = time.perf_counter()
    retriever.search(questions[0], k, filters)
    first = 1000 * (time.perf_counter() - started)
    for question in questions:
        retriever.search(question, k, filters)
    rows: dict[str, list[float]] = {}
    for question in questions:
        times.ms.clear()
        started = time.perf_counter()
        retriever.search(question, k, filters)
        whole = 1000 * (time.perf_counter() - started)
        stages = {stage: times.ms.get(stage, 0.0) for stage in ("encode", "dense", "lexical")}
        rest = whole - sum(stages.values())
        for stage, ms in (stages | {"fuse_and_fetch": rest, "whole": whole}).items():
            rows.setdefault(stage, []).append(ms)
    return {"first": round(first, 1)} | {stage: _spread(ms) for stage, ms in rows.items()}


def _spread(ms: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(ms, [50, 99])
    return {"p50": round(float(p50), 2), "p99": round(float(p99), 2)}


if __name__ == "__main__":
    main()
