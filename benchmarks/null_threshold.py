"""The null threshold for the reader: chosen on training articles that were never trained on.

    python benchmarks/null_threshold.py data/squad/train-v2.0.json.gz --left-out-share 0.04

A third of SQuAD's training questions is unanswerable; in use nobody knows the share. So answerable
and unanswerable questions weigh the same here: of all thresholds, the one with the best mean of
both kinds' F1. That optimum is flat and jumps with the sample; the figure to use is the median over
resamples of the questions. Plain thresholds, every question weighing the same, stand beside it.
Writes ``results/null_threshold.json``; ``--write`` puts it into the reader's ``confidence.json``.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from report import sha256_of, write_report
from rich.progress import Progress

from answerable.reader import (
    FORCED,
    OnnxReader,
    default_reader_folder,
    evaluate_squad,
    read_squad,
)
from answerable.reader.confidence import save_confidence
from answerable.reader.thresholds import OddsAnswer
from answerable.reader.training.left_out import is_left_out

Floats = npt.NDArray[np.float64]


def main() -> None:
    """Read the left-out articles, choose, report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="the SQuAD file that the reader was trained on")
    parser.add_argument("--left-out-share", type=float, required=True, help="as in its specs")
    parser.add_argument("--reader", type=Path, default=default_reader_folder())
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    reader = OnnxReader.load(arguments.reader)
    questions = [
        q for q in read_squad(arguments.data) if is_left_out(q.title, arguments.left_out_share)
    ]
    with Progress() as progress:
        task = progress.add_task("questions", total=len(questions))
        ranked = evaluate_squad(
            reader, questions, FORCED, lambda done: progress.update(task, completed=done)
        ).ranked
    balanced = _chosen(ranked, arguments.resamples, is_balanced=True)
    figures = {
        "data": {arguments.data.name: sha256_of(arguments.data)},
        "reader_sha256": reader.sha256,
        "articles": len({q.title for q in questions}),
        "questions": len(questions),
        "unanswerable": sum(not q.is_answerable for q in questions),
        "balanced": balanced,
        "every_question_alike": _chosen(ranked, arguments.resamples, is_balanced=False),
    }
    print(figures)
    print(f"written to {write_report('null_threshold', figures)}")
    if arguments.write:
        threshold = balanced["threshold"]
        confidence = replace(reader.confidence, null_threshold=threshold)
        save_confidence(arguments.reader / "confidence.json", confidence)
        print(f"{threshold} is the reader's threshold now")


def _chosen(ranked: Sequence[OddsAnswer], resamples: int, *, is_balanced: bool) -> dict[str, float]:
    """Return the median best threshold over resamples, its quartiles, and the plain best."""
    odds = np.array([one.null_odds for one in ranked])
    gain = np.array([_gain(one) for one in ranked])
    answerable = np.array([one.is_answerable for one in ranked])
    rng = np.random.default_rng(0)
    found = []
    for _ in range(resamples):
        counts = rng.multinomial(len(ranked), np.full(len(ranked), 1 / len(ranked)))
        found.append(_best(odds, gain, answerable, counts.astype(float), is_balanced=is_balanced))
    whole = _best(odds, gain, answerable, np.ones(len(ranked)), is_balanced=is_balanced)
    low, middle, high = np.quantile(found, [0.25, 0.5, 0.75])
    return {
        "threshold": round(float(middle), 3),
        "quartile_1": round(float(low), 3),
        "quartile_3": round(float(high), 3),
        "without_resampling": round(float(whole), 3),
    }


def _gain(answer: OddsAnswer) -> float:
    """What letting this answer through adds to the sum of F1."""
    if answer.is_answerable:
        return answer.f1
    return 0.0 if answer.is_empty else -1.0


def _best(
    odds: Floats,
    gain: Floats,
    answerable: npt.NDArray[np.bool_],
    counts: Floats,
    *,
    is_balanced: bool,
) -> float:
    weights = counts.copy()
    if is_balanced:
        weights[answerable] /= counts[answerable].sum()
        weights[~answerable] /= counts[~answerable].sum()
    return float(odds[int(np.argmax(np.cumsum(gain * weights)))])


if __name__ == "__main__":
    main()
