"""A newly trained encoder beside the shipped one: is it better, and worse nowhere?

    python benchmarks/retriever_candidates.py ENCODER... --data FOLDER [--vectors FOLDER]

Each ENCODER is a folder that ``answerable quantize`` made. dev-a over its own paragraphs, Cranfield
and CISI, by the dense channel alone and in hybrid search. A candidate is to be kept only if it
wins on dev-a (MRR@10, alone and in hybrid) and loses nowhere else (nDCG@10 of the two others, alone
and in hybrid): by more than twice the standard error of the difference on the same questions.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from channels import figures, gain, held_out_collections, ids, scores_of, search_both
from report import sha256_of, write_report
from retrieval_collections import Collection

from answerable.index import Encoder
from answerable.retriever import RetrievalConfig, fuse_scores, load_encoder

DEFAULT = RetrievalConfig()
DECIDED_BY = {"dev_a": "mrr_at_10", "cranfield": "ndcg_at_10", "cisi": "ndcg_at_10"}

Scores = dict[tuple[str, str], npt.NDArray[np.float64]]


def main() -> None:
    """Measure the shipped encoder and every candidate, compare, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("encoders", type=Path, nargs="+", metavar="ENCODER")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--vectors", type=Path, help="folder that keeps vectors between runs")
    arguments = parser.parse_args()
    collections = held_out_collections(arguments.data)
    shipped = load_encoder()
    before = scores(shipped, collections, arguments.vectors)
    report: dict[str, Any] = {
        "data": {"dev_a": sha256_of(arguments.data / "squad" / "dev-a-v2.0.json.gz")},
        "shipped": {"encoder": shipped.sha256, **described(before)},
    }
    for folder in arguments.encoders:
        encoder = load_encoder(folder)
        after = scores(encoder, collections, arguments.vectors)
        gains = {key: gain(after[key], before[key]) for key in before}
        report[folder.name] = {
            "encoder": encoder.sha256,
            **described(after),
            "gain_and_standard_error": {
                f"{name}_{mode}": dict(gains[name, mode]) for name, mode in gains
            },
            "is_kept": is_kept(gains),
        }
    print(write_report("retriever_candidates", report).read_text(encoding="utf-8"))


def scores(encoder: Encoder, collections: dict[str, Collection], vectors: Path | None) -> Scores:
    """Return the metrics of each question, by collection and by ``dense`` or ``hybrid``."""
    weights, depth = (DEFAULT.dense_weight, 1 - DEFAULT.dense_weight), DEFAULT.candidates
    rows: Scores = {}
    for name, collection in collections.items():
        found = search_both(collection, encoder, depth, vectors)
        rows[name, "dense"] = scores_of([ids(one.dense) for one in found], found)
        hybrid = [ids(fuse_scores((one.dense, one.lexical), weights, depth)) for one in found]
        rows[name, "hybrid"] = scores_of(hybrid, found)
    return rows


def described(rows: Scores) -> dict[str, dict[str, float]]:
    """Return the means of all metrics."""
    return {f"{name}_{mode}": figures(values) for (name, mode), values in rows.items()}


def is_kept(gains: dict[tuple[str, str], dict[str, list[float]]]) -> bool:
    """Whether a candidate wins on dev-a and loses nowhere else."""
    verdicts = []
    for (name, _), by_metric in gains.items():
        points, error = by_metric[DECIDED_BY[name]]
        verdicts.append(points > 2 * error if name == "dev_a" else points > -2 * error)
    return all(verdicts)


if __name__ == "__main__":
    main()
