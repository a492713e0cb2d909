"""Fit a reader's confidence model on questions asked to a whole index.

    python benchmarks/calibrate_reader.py dev-a-v2.0.json.gz            # report only
    python benchmarks/calibrate_reader.py dev-a-v2.0.json.gz --write    # and keep the fit

The articles of the data set are indexed, one in four left out, so that the
right passage is sometimes found first, sometimes late, and sometimes not there
at all. A sample of the questions, unanswerable ones included, is asked; an
answer is right when its token F1 against a reference is at least 0.5. Reports
to ``results/`` how well a fit on half of the articles predicts the other half;
``--write`` keeps the fit on all of them as ``confidence.json`` beside the
reader.
"""

import argparse
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from report import sha256_of, write_report
from rich.progress import track

from answerable.api import Engine
from answerable.index import Filters, LocalIndex
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
from answerable.reader.metrics import token_f1
from answerable.retriever import HybridRetriever, OnnxEncoder

PASSAGES_READ = 10
MIN_PROBABILITY = 0.5  # answer when right is likelier than wrong


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question asked: the top answer's features, and whether it was right."""

    title: str
    features: tuple[float, ...]
    is_right: bool


def main() -> None:
    """Choose the null threshold, ask, fit, check, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="SQuAD 2.0 file, never trained on")
    parser.add_argument("--reader", type=Path, default=default_reader_folder())
    parser.add_argument("--write", action="store_true", help="keep the fit beside the reader")
    parser.add_argument("--questions", type=int, default=1500, help="how many to ask")
    parser.add_argument("--gold", type=int, default=2000, help="questions for the null threshold")
    arguments = parser.parse_args()
    questions = read_squad(arguments.data)
    shuffled = random.Random(0).sample(questions, len(questions))
    reader = OnnxReader.load(arguments.reader)

    bar = track(shuffled[: arguments.gold], description="gold passages")
    null_threshold = evaluate_squad(reader, list(bar)).metrics["best_f1_thresh"]

    outcomes = ask_all(reader, questions, shuffled[: arguments.questions])
    titles = sorted({outcome.title for outcome in outcomes})
    halves = [[o for o in outcomes if (titles.index(o.title) % 2 == side)] for side in (0, 1)]
    held_out_ece = [
        expected_calibration_error(*predict(fit(halves[side]), halves[1 - side])) for side in (0, 1)
    ]
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
    probability, right = predict((intercept, weights), outcomes)
    figures = {
        "data": {arguments.data.name: sha256_of(arguments.data)},
        "reader_sha256": reader.sha256,
        "questions": len(outcomes),
        "null_threshold": null_threshold,
        "ece_fitted_on_other_articles": [round(e, 4) for e in held_out_ece],
        "share_right_when_forced": round(float(right.mean()), 4),
        "by_min_probability": [
            {
                "min_probability": least,
                "answered": round(float((probability >= least).mean()), 4),
                "right_of_answered": round(float(right[probability >= least].mean()), 4),
            }
            for least in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
        ],
    }
    print(figures)
    print(f"written to {write_report('reader_confidence', figures)}")


def ask_all(
    reader: OnnxReader, questions: Sequence[SquadQuestion], asked: Sequence[SquadQuestion]
) -> list[Outcome]:
    """Index three of four articles and ask every question of ``asked`` to that index."""
    contexts: dict[str, dict[str, None]] = {}
    for question in questions:
        contexts.setdefault(question.title, {})[question.context] = None
    with tempfile.TemporaryDirectory() as work:
        source = Path(work) / "articles"
        source.mkdir()
        for number, (title, paragraphs) in enumerate(contexts.items()):
            if number % 4 != 3:
                (source / f"{title}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
        with Engine.open(Path(work) / "index", create=True) as engine:
            engine.ingest([source])
        encoder = OnnxEncoder.load()
        with LocalIndex.open(Path(work) / "index", encoder) as index:
            retriever = HybridRetriever(index, encoder)
            return [ask(reader, retriever, q) for q in track(asked, description="open questions")]


def ask(reader: OnnxReader, retriever: HybridRetriever, question: SquadQuestion) -> Outcome:
    """Ask one question to the index and compare the top span with the references."""
    hits = retriever.search(question.question, PASSAGES_READ, Filters())
    spans = reader.rank(question.question, [hit.passage for hit in hits])
    scores = [token_f1(spans[0].text, answer.text) for answer in question.answers]
    return Outcome(question.title, span_features(spans, 0), max(scores, default=0.0) >= 0.5)


def fit(outcomes: Sequence[Outcome]) -> tuple[float, tuple[float, ...]]:
    """Fit the confidence model's coefficients."""
    return fit_logistic(
        np.array([outcome.features for outcome in outcomes]),
        np.array([outcome.is_right for outcome in outcomes]),
    )


def predict(
    fitted: tuple[float, tuple[float, ...]], outcomes: Sequence[Outcome]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return (n_questions,) probabilities and whether each answer was right."""
    intercept, weights = fitted
    log_odds = intercept + np.array([outcome.features for outcome in outcomes]) @ np.array(weights)
    return 1 / (1 + np.exp(-log_odds)), np.array([outcome.is_right for outcome in outcomes])


def expected_calibration_error(
    probability: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_], n_bins: int = 15
) -> float:
    """Return the mean gap of probability and accuracy over bins of equal mass."""
    bins = np.array_split(np.argsort(probability), n_bins)
    gaps = [abs(probability[b].mean() - is_right[b].mean()) * len(b) for b in bins]
    return float(sum(gaps) / len(probability))


if __name__ == "__main__":
    main()
