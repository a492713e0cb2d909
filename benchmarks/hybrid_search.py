"""Both channels together against words alone and vectors alone, and INT8 against FP32.

    python benchmarks/paragraph_vectors.py int8 INT8 --data DATA
    python benchmarks/paragraph_vectors.py fp32 FP32 --data DATA
    python benchmarks/hybrid_search.py --data DATA --int8 INT8 --fp32 FP32 --index FOLDER

The questions of dev-a over their 646 paragraphs and 100,000 of Wikipedia's, Cranfield and CISI. Ours:
the retriever as the product has it, over an index whose passages are the documents uncut, kept in
``--index`` for the next run. Others: bm25s at its own settings, without and with a stemmer, and
all-MiniLM-L6-v2 in FP32, compared with every vector. All get the same titles and texts, of which
the encoders, ours too, get the texts only; for CISI the FP32 model is measured with titles, too.
``margin`` is what the hybrid has over the best of the others, in points, with the standard error
of the paired difference. Where there are no FP32 vectors of a collection, which take ten times as long
as INT8 ones, exact search over the INT8 vectors stands for them.
"""

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from lexical_search import bm25s_searches, indexed
from paragraph_vectors import NAMES, Vectors, model_of, read_collection, stored_vectors
from report import write_report
from retrieval_collections import Collection

from answerable.index import Filters, load_manifest
from answerable.retriever import (
    HybridRetriever,
    SearchMode,
    default_encoder_folder,
    mean_scores,
    score_ranking,
)

DEPTH = 20
MODES: tuple[SearchMode, ...] = ("hybrid", "dense", "lexical")
HEADLINES = {"dev_a_and_wiki": "recall_at_10", "cranfield": "ndcg_at_10", "cisi": "ndcg_at_10"}

Scores = list[dict[str, float]]
Rank = Callable[[int], Sequence[int]]


def main() -> None:
    """Measure every system on every collection whose vectors are there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--int8", type=Path, required=True, help="vectors of the shipped encoder")
    parser.add_argument("--fp32", type=Path, required=True, help="vectors of the FP32 model")
    parser.add_argument("--index", type=Path, required=True, help="folder of the indexes")
    parser.add_argument("--only", choices=NAMES, help="one collection; writes no report")
    parser.add_argument("--distractors", type=int, default=100_000, help="Wikipedia paragraphs")
    arguments = parser.parse_args()
    figures = {}
    for name in [arguments.only] if arguments.only else NAMES:
        collection = read_collection(name, arguments.data, arguments.distractors)
        vectors = {
            model: stored_vectors(folder, name, collection)
            for model, folder in (("int8", arguments.int8), ("fp32", arguments.fp32))
            if model == "int8" or (folder / name).exists()
        }
        if name == "cisi" and "fp32" in vectors:
            titled = stored_vectors(arguments.fp32, name, collection, "titled")
            vectors["fp32_titled"] = titled
        figures[name] = measured(name, collection, vectors, arguments.index / name)
        print(name, figures[name], flush=True)
    if not arguments.only:
        models = {"int8": model_of(arguments.int8), "fp32": model_of(arguments.fp32)}
        write_report("hybrid_search", {"models": models, "collections": figures})


def measured(
    name: str,
    collection: Collection,
    vectors: Mapping[str, tuple[Vectors, Vectors]],
    folder: Path,
) -> dict[str, Any]:
    """Return the figures of all systems on one collection, in per cent."""
    encoder = StoredEncoder(collection, vectors["int8"])
    with indexed(folder, collection.documents, encoder) as index:
        retriever = HybridRetriever(index, encoder)
        scores = {
            f"ours_{mode}": scored(collection, ours(retriever, collection, mode)) for mode in MODES
        }
    for model, (documents, questions) in vectors.items():
        scores[f"{model}_exact"] = scored(collection, exact(documents, questions))
    for system, search in bm25s_searches(collection.documents, DEPTH):
        scores[system] = scored(collection, lambda i, s=search: s(collection.questions[i]))
    key = HEADLINES[name]
    others = {s: mean_scores(scores[s])[key] for s in scores if not s.startswith("ours")}
    better = max(others, key=lambda system: others[system])
    found: dict[str, Any] = {
        "documents": len(collection.documents),
        "questions": len(collection.questions),
        "systems": {system: mean_scores(of) for system, of in scores.items()},
        "margin": {
            "figure": key,
            "over": better,
            **difference(scores["ours_hybrid"], scores[better], key),
        },
    }
    if "fp32_exact" in scores:
        lost = difference(scores["int8_exact"], scores["fp32_exact"], "recall_at_10")
        found["int8_over_fp32"] = lost
    return found


class StoredEncoder:
    """The shipped encoder, its work done: gives the stored vectors of known texts."""

    max_tokens = 256

    def __init__(self, collection: Collection, vectors: tuple[Vectors, Vectors]) -> None:
        """Know the vectors of a collection's documents and questions."""
        manifest = load_manifest(default_encoder_folder(), "encoder")
        self.name, self.sha256 = manifest.name, manifest.sha256
        self.dimension = vectors[0].shape[1]
        texts = [text for _, text in collection.documents]
        self._rows = dict(zip(texts, vectors[0], strict=True))
        self._rows |= dict(zip(collection.questions, vectors[1], strict=True))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_texts, dimension) float32."""
        return np.stack([self._rows[text] for text in texts])

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_questions, dimension) float32."""
        return self.encode(questions)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Cut nothing: the passages are the documents."""
        raise NotImplementedError


def ours(retriever: HybridRetriever, collection: Collection, mode: SearchMode) -> Rank:
    """Return the positions that the product finds for a question's number."""

    def rank(number: int) -> list[int]:
        hits = retriever.search(collection.questions[number], DEPTH, Filters(), mode)
        return [hit.passage.id - 1 for hit in hits]

    return rank


def exact(documents: Vectors, questions: Vectors) -> Rank:
    """Return what a comparison with every vector finds; of equals the first, as ours does.

    Some of Wikipedia's paragraphs are those of dev-a, word for word.
    """
    flat = faiss.IndexFlatIP(documents.shape[1])
    flat.add(documents)
    scores, found = flat.search(questions, 2 * DEPTH)

    def rank(number: int) -> list[int]:
        order = np.lexsort((found[number], -scores[number]))[:DEPTH]
        return [int(position) for position in found[number][order]]

    return rank


def scored(collection: Collection, rank: Rank) -> Scores:
    """Return the figures of each question."""
    return [
        score_ranking([str(p) for p in rank(number)], dict.fromkeys(map(str, relevant), 1))
        for number, relevant in enumerate(collection.relevant)
    ]


def difference(ours: Scores, theirs: Scores, key: str) -> dict[str, float]:
    """Return how many points better the first is, and the standard error, question by question."""
    points = 100 * np.array([a[key] - b[key] for a, b in zip(ours, theirs, strict=True)])
    error = float(points.std(ddof=1)) / math.sqrt(len(points))
    return {"points": round(float(points.mean()), 2), "standard_error": round(error, 2)}


if __name__ == "__main__":
    main()
