"""Fit a reader's confidence model on questions asked to a whole index.

    python benchmarks/calibrate_reader.py dev-a-v2.0.json.gz train-v2.0.json.gz
    python benchmarks/calibrate_reader.py dev-a-v2.0.json.gz train-v2.0.json.gz --write

A sample of the questions, unanswerable ones included, is asked to an index that
lacks one article in four; an answer is right when its token F1 against a
reference is at least 0.5. Reports to ``results/`` how well a fit on half of the
articles predicts the other half; ``--write`` keeps the fit on all of them as
``confidence.json`` beside the reader. The null threshold, which decides alone
where the gold passage is given, comes from the articles of the training set
that the reader was not trained on.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from open_questions import PASSAGES_READ, is_right, retriever_over, sample, split_by_article
from report import sha256_of, write_report
from rich.progress import track

from answerable.index import Filters
from answerable.reader import (
    ConfidenceModel,
    OnnxReader,
    SquadQuestion,
    default_reader_folder,
    evaluate_squad,
    read_squad,
    save_confidence,
)
from answerable.reader.confidence import fit_logistic, span_features
from answerable.reader.training.left_out import is_left_out
from answerable.retriever import HybridRetriever, passage_priors

# A right answer is worth three wrong ones: a quote shows its sentence, its source and its
# probability, so a wrong one is soon seen; a missing one sends the asker back to the folder.
MIN_PROBABILITY = 0.25
# What is asked, by kind: half of the questions have their answer in the index; a quarter are
# about articles that are not there; a quarter have a passage that only seems to answer them.
SHARES = {"answerable": 0.5, "absent": 0.25, "unanswerable": 0.25}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question asked: the top answer's features, and whether it was right.

    Attributes:
        kind: one of ``SHARES``.
    """

    title: str
    kind: str
    features: tuple[float, ...]
    is_right: bool


@dataclass(frozen=True, slots=True)
class Predicted:
    """Outcomes under a confidence model.

    Attributes:
        probability: (n_questions,) that the answer is right.
        is_right: (n_questions,).
        share: (n_questions,), how much each counts, 1 on average.
    """

    probability: npt.NDArray[np.float64]
    is_right: npt.NDArray[np.bool_]
    share: npt.NDArray[np.float64]


def main() -> None:
    """Choose the null threshold, ask, fit, check, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="SQuAD 2.0 file, never trained on")
    parser.add_argument("training_data", type=Path, help="the training set, for left-out articles")
    parser.add_argument("--reader", type=Path, default=default_reader_folder())
    parser.add_argument("--write", action="store_true", help="keep the fit beside the reader")
    parser.add_argument("--questions", type=int, default=1500, help="how many to ask")
    parser.add_argument(
        "--left-out-share", type=float, default=0.04, help="as in the reader's training spec"
    )
    arguments = parser.parse_args()
    questions = read_squad(arguments.data)
    reader = OnnxReader.load(arguments.reader)

    left_out = balanced(arguments.training_data, arguments.left_out_share)
    bar = track(left_out, description="gold passages")
    null_threshold = evaluate_squad(reader, list(bar), 0.0).metrics["best_f1_thresh"]

    with retriever_over(questions) as (retriever, indexed):
        bar = track(sample(questions, arguments.questions), description="open questions")
        outcomes = [ask(reader, retriever, question, indexed) for question in bar]
    halves = [[outcomes[i] for i in h] for h in split_by_article([o.title for o in outcomes])]
    held_out = [predict(fit(halves[side]), halves[1 - side]) for side in (0, 1)]
    intercept, weights = fit(outcomes)
    if arguments.write:
        model = ConfidenceModel(
            intercept=intercept,
            weights=weights,
            min_probability=MIN_PROBABILITY,
            null_threshold=null_threshold,
            reader_sha256=reader.sha256,
            fitted_on=f"{arguments.data.name}, {len(outcomes)} questions over an index",
            date=datetime.now(UTC).date().isoformat(),
        )
        save_confidence(arguments.reader, model)
    everything = predict((intercept, weights), outcomes)
    figures = {
        "data": {path.name: sha256_of(path) for path in (arguments.data, arguments.training_data)},
        "reader_sha256": reader.sha256,
        "questions": {kind: sum(o.kind == kind for o in outcomes) for kind in SHARES},
        "shares": SHARES,
        "null_threshold": null_threshold,
        "null_threshold_from_left_out_questions": len(left_out),
        "ece_fitted_on_other_articles": [
            round(expected_calibration_error(half), 4) for half in held_out
        ],
        "by_min_probability": [
            by_threshold(everything, least) for least in (0.25, 0.4, 0.5, 0.6, 0.7, 0.8)
        ],
    }
    print(figures)
    print(f"written to {write_report('reader_confidence', figures)}")


def ask(
    reader: OnnxReader,
    retriever: HybridRetriever,
    question: SquadQuestion,
    indexed: frozenset[str],
) -> Outcome:
    """Ask one question to the index and compare the top span with the references."""
    hits = retriever.search(question.question, PASSAGES_READ, Filters())
    passages = [hit.passage for hit in hits]
    spans = reader.rank(question.question, passages, passage_priors(hits))
    kind = "answerable" if question.is_answerable else "unanswerable"
    return Outcome(
        title=question.title,
        kind=kind if question.title in indexed else "absent",
        features=span_features(spans, 0),
        is_right=is_right(spans[0].text, question),
    )


def shares(outcomes: Sequence[Outcome]) -> npt.NDArray[np.float64]:
    """Return how much each question counts, so that the kinds have their ``SHARES``."""
    counts = {kind: sum(o.kind == kind for o in outcomes) for kind in SHARES}
    return np.array([SHARES[o.kind] * len(outcomes) / counts[o.kind] for o in outcomes])


def balanced(path: Path, left_out_share: float) -> list[SquadQuestion]:
    """Return left-out questions of a training set, as many answerable as unanswerable ones."""
    left_out = [q for q in read_squad(path) if is_left_out(q.title, left_out_share)]
    sides = [[q for q in left_out if q.is_answerable is side] for side in (True, False)]
    fewest = min(map(len, sides))
    return [question for side in sides for question in sample(side, fewest)]


def fit(outcomes: Sequence[Outcome]) -> tuple[float, tuple[float, ...]]:
    """Fit the confidence model's coefficients."""
    return fit_logistic(
        np.array([outcome.features for outcome in outcomes]),
        np.array([outcome.is_right for outcome in outcomes]),
        shares(outcomes),
    )


def predict(fitted: tuple[float, tuple[float, ...]], outcomes: Sequence[Outcome]) -> Predicted:
    """Apply coefficients to outcomes."""
    intercept, weights = fitted
    log_odds = intercept + np.array([outcome.features for outcome in outcomes]) @ np.array(weights)
    return Predicted(
        probability=1 / (1 + np.exp(-log_odds)),
        is_right=np.array([outcome.is_right for outcome in outcomes]),
        share=shares(outcomes),
    )


def expected_calibration_error(predicted: Predicted, n_bins: int = 15) -> float:
    """Return the mean gap of probability and accuracy over bins of about equal mass."""
    order = np.argsort(predicted.probability)
    mass = np.cumsum(predicted.share[order])
    bins = np.minimum((mass / mass[-1] * n_bins).astype(int), n_bins - 1)
    gap = predicted.share[order] * (predicted.probability - predicted.is_right)[order]
    return float(np.abs(np.bincount(bins, weights=gap)).sum() / mass[-1])


def by_threshold(predicted: Predicted, least: float) -> dict[str, float]:
    """Return the share of questions answered at a threshold, and of those the right ones."""
    answered = predicted.share * (predicted.probability >= least)
    return {
        "min_probability": round(least, 2),
        "answered": round(float(answered.sum() / predicted.share.sum()), 4),
        "right_of_answered": round(
            float((answered * predicted.is_right).sum() / answered.sum()), 4
        ),
    }


if __name__ == "__main__":
    main()
