"""Fusion of words and meaning: by reciprocal ranks or by scores, tuned on training questions.

    python benchmarks/fusion.py --data FOLDER [--vectors FOLDER]

The folder of data holds ``squad/`` and ``retrieval/``. The weight of each kind of fusion (and the
constant of the ranks) is the one with the best MRR@10 on questions of SQuAD's training set, over
the paragraphs of a sample of its articles. dev-a, Cranfield and CISI only measure what was
chosen; differences are on the same questions, with their standard errors.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from channels import (
    METRICS,
    Found,
    figures,
    gain,
    held_out_collections,
    ids,
    scores_of,
    search_both,
    training_collection,
)
from report import sha256_of, write_report

from answerable.retriever import OnnxEncoder, RetrievalConfig, fuse, fuse_scores

DENSE_WEIGHTS = (0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)
RANK_CONSTANTS = (5, 10, 20, 60)
DEFAULT = RetrievalConfig()
CHOSEN_BY = METRICS.index("mrr_at_10")

Fusion = Callable[[Found], list[int]]


def main() -> None:
    """Tune on training questions, measure on the others, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--vectors", type=Path, help="folder that keeps vectors between runs")
    parser.add_argument("--articles", type=int, default=60, help="of the training set")
    parser.add_argument("--questions", type=int, default=2000, help="of these articles")
    arguments = parser.parse_args()
    encoder, depth = OnnxEncoder.load(), DEFAULT.candidates
    train = training_collection(arguments.data, arguments.articles, arguments.questions)
    found = search_both(train, encoder, depth, arguments.vectors)
    chosen, tried = tune(found, depth)
    report: dict[str, Any] = {
        "encoder": encoder.sha256,
        "data": {
            name: sha256_of(arguments.data / "squad" / name)
            for name in ("train-v2.0.json.gz", "dev-a-v2.0.json.gz")
        },
        "training": {
            "documents": len(train.documents),
            "questions": len(train.questions),
            "mrr_at_10": tried,
            **measured(found, chosen),
        },
        "chosen": {kind: name for kind, (name, _) in chosen.items()},
        "default": {"fusion": DEFAULT.fusion, "dense_weight": DEFAULT.dense_weight},
    }
    for name, collection in held_out_collections(arguments.data).items():
        found = search_both(collection, encoder, depth, arguments.vectors)
        report[name] = {
            "documents": len(collection.documents),
            "questions": len(collection.questions),
            **measured(found, chosen),
        }
    print(write_report("fusion", report).read_text(encoding="utf-8"))


def candidates(depth: int) -> dict[str, dict[str, Fusion]]:
    """Return every fusion to try: by kind, by what it is called."""
    ranks: dict[str, Fusion] = {
        f"constant {constant}, dense {weight}": _by_ranks(constant, (weight, 1 - weight))
        for constant in RANK_CONSTANTS
        for weight in DENSE_WEIGHTS
    }
    scores: dict[str, Fusion] = {
        f"dense {weight}": _by_scores((weight, 1 - weight), depth) for weight in DENSE_WEIGHTS
    }
    return {"ranks": ranks, "scores": scores}


def tune(
    found: Sequence[Found], depth: int
) -> tuple[dict[str, tuple[str, Fusion]], dict[str, dict[str, float]]]:
    """Return the best fusion of each kind, with its name, and the figure of all."""
    chosen, tried = {}, {}
    for kind, fusions in candidates(depth).items():
        means = {
            name: float(scores_of([fusion(one) for one in found], found).mean(axis=0)[CHOSEN_BY])
            for name, fusion in fusions.items()
        }
        best = max(means, key=lambda name: means[name])
        chosen[kind] = (best, fusions[best])
        tried[kind] = {name: round(100 * mean, 2) for name, mean in means.items()}
    return chosen, tried


def measured(
    found: Sequence[Found], chosen: dict[str, tuple[str, Fusion]]
) -> dict[str, dict[str, Any]]:
    """Return the figures of both channels, of plain reciprocal ranks, and of what was chosen."""
    depth = DEFAULT.candidates
    fusions: dict[str, Fusion] = {
        "dense": lambda one: ids(one.dense),
        "lexical": lambda one: ids(one.lexical),
        "reciprocal_ranks": _by_ranks(DEFAULT.rank_constant, (1.0, 1.0)),
        "tuned_ranks": chosen["ranks"][1],
        "tuned_scores": chosen["scores"][1],
        "default": _by_scores((DEFAULT.dense_weight, 1 - DEFAULT.dense_weight), depth),
    }
    rows = {name: scores_of([f(one) for one in found], found) for name, f in fusions.items()}
    return {
        **{name: dict(figures(scores)) for name, scores in rows.items()},
        "default_over_reciprocal_ranks": dict(gain(rows["default"], rows["reciprocal_ranks"])),
        "default_over_tuned_ranks": dict(gain(rows["default"], rows["tuned_ranks"])),
    }


def _by_ranks(constant: int, weights: tuple[float, float]) -> Fusion:
    return lambda one: ids(fuse((ids(one.dense), ids(one.lexical)), constant, weights))


def _by_scores(weights: tuple[float, float], depth: int) -> Fusion:
    return lambda one: ids(fuse_scores((one.dense, one.lexical), weights, depth))


if __name__ == "__main__":
    main()
