"""The null threshold for the reader: chosen on training articles that were never trained on.

    python benchmarks/null_threshold.py data/squad/train-v2.0.json.gz --left-out-share 0.04

A third of SQuAD's training questions is unanswerable; in use nobody knows the share. So answerable
and unanswerable questions weigh the same here: of all thresholds, ``best`` has the best mean of
both kinds' F1. That optimum is flat: a range of thresholds is as good within chance. Of these the
most cautious is taken, ``threshold``, by the rule of one standard error (Breiman and others 1984):
where the data cannot tell, a wrong answer is worse than none. Beside it stands the same with every
question weighing alike. Writes ``results/null_threshold.json``; ``--write`` puts the balanced
threshold into the reader's ``confidence.json``.
"""

import argparse
import math
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
from answerable.reader.evaluation.thresholds import OddsAnswer
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
    balanced = _chosen(ranked, is_balanced=True)
    figures = {
        "data": {arguments.data.name: sha256_of(arguments.data)},
        "reader_sha256": reader.sha256,
        "articles": len({q.title for q in questions}),
        "questions": len(questions),
        "unanswerable": sum(not q.is_answerable for q in questions),
        "balanced": balanced,
        "every_question_alike": _chosen(ranked, is_balanced=False),
    }
    print(figures)
    print(f"written to {write_report('null_threshold', figures)}")
    if arguments.write:
        threshold = balanced["threshold"]
        confidence = replace(reader.confidence, null_threshold=threshold)
        save_confidence(arguments.reader / "confidence.json", confidence)
        print(f"{threshold} is the reader's threshold now")


def _chosen(ranked: Sequence[OddsAnswer], *, is_balanced: bool) -> dict[str, float]:
    """Return the best threshold and the most cautious one within a standard error of it."""
    answerable = np.array([one.is_answerable for one in ranked])
    gain = np.array([_gain(one) for one in ranked])
    weight = np.full(len(ranked), 1 / len(ranked))
    if is_balanced:
        weight = np.where(answerable, 0.5 / answerable.sum(), 0.5 / (~answerable).sum())
    total = np.cumsum(gain * weight)
    best = int(np.argmax(total))
    answered = np.where(np.arange(len(ranked)) <= best, gain, 0.0)
    error = _standard_error(answered, weight, answerable)
    cautious = int(np.flatnonzero(total >= total[best] - error)[0])
    return {
        "threshold": round(ranked[cautious].null_odds, 3),
        "best": round(ranked[best].null_odds, 3),
        "standard_error": round(error, 5),
    }


def _standard_error(gain: Floats, weight: Floats, answerable: npt.NDArray[np.bool_]) -> float:
    """Return that of the weighted sum of gains, the numbers of both kinds being given."""
    kinds = answerable, ~answerable
    return math.sqrt(sum(float((weight[of] ** 2).sum() * gain[of].var()) for of in kinds))


def _gain(answer: OddsAnswer) -> float:
    """What letting this answer through adds to the sum of F1."""
    if answer.is_answerable:
        return answer.f1
    return 0.0 if answer.is_empty else -1.0


if __name__ == "__main__":
    main()
