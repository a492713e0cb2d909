"""Fit the weights of ``retriever/priors.py`` on questions asked to a whole index.

    python benchmarks/passage_prior.py dev-a-v2.0.json.gz

The weights maximize the probability of the right spans in a softmax over a
question's 20 best, reader score and prior added up. Reports to
``results/passage_prior.json`` how often the first span is right without a prior
and with one fitted on other articles.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from open_questions import PASSAGES_READ, is_right, retriever_over, sample, split_by_article
from report import sha256_of, write_report
from rich.progress import track

from answerable.index import Filters
from answerable.reader import OnnxReader, SquadQuestion, default_reader_folder, read_squad
from answerable.retriever import HybridRetriever, PriorConfig, passage_priors

_NAMES = ("score", "rank", "lexical")
_STEPS, _RATE = 400, 0.05


@dataclass(frozen=True, slots=True)
class Candidates:
    """The spans of one answerable question.

    Attributes:
        features: (n_spans, 3): reader score, prior from the rank, prior from the words, each
            prior per unit of its weight.
        is_right: (n_spans,).
    """

    title: str
    features: npt.NDArray[np.float64]
    is_right: npt.NDArray[np.bool_]


def main() -> None:
    """Ask, fit, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="SQuAD 2.0 file, never trained on")
    parser.add_argument("--questions", type=int, default=1500)
    arguments = parser.parse_args()
    questions = read_squad(arguments.data)
    reader = OnnxReader.load(default_reader_folder())
    with retriever_over(questions) as (retriever, _):
        asked = [q for q in sample(questions, arguments.questions) if q.is_answerable]
        found = [
            candidates(reader, retriever, question)
            for question in track(asked, description="open questions")
        ]
    halves = [[found[i] for i in half] for half in split_by_article([c.title for c in found])]
    held_out = [first_right(halves[1 - side], fit(halves[side])) for side in (0, 1)]
    without = [first_right(halves[1 - side], np.array([1.0, 0.0, 0.0])) for side in (0, 1)]
    weights = fit(found)
    figures = {
        "data": {arguments.data.name: sha256_of(arguments.data)},
        "reader_sha256": reader.sha256,
        "questions": len(found),
        "first_span_right_without_prior": [round(share, 4) for share in without],
        "first_span_right_fitted_on_other_articles": [round(share, 4) for share in held_out],
        "weights_per_logit_of_the_reader": dict(
            zip(_NAMES, (weights / weights[0]).round(2).tolist(), strict=True)
        ),
    }
    print(figures)
    print(f"written to {write_report('passage_prior', figures)}")


def candidates(
    reader: OnnxReader, retriever: HybridRetriever, question: SquadQuestion
) -> Candidates:
    """Read the passages that a question retrieves and describe the spans."""
    hits = retriever.search(question.question, PASSAGES_READ, Filters())
    spans = reader.rank(question.question, [hit.passage for hit in hits])
    position = {hit.passage.id: i for i, hit in enumerate(hits)}
    by_rank = passage_priors(hits, PriorConfig(rank=1.0, lexical=0.0))
    by_words = passage_priors(hits, PriorConfig(rank=0.0, lexical=1.0))
    rows = [
        (span.score, by_rank[position[span.passage_id]], by_words[position[span.passage_id]])
        for span in spans
    ]
    right = [is_right(span.text, question) for span in spans]
    return Candidates(question.title, np.array(rows), np.array(right))


def fit(found: list[Candidates]) -> npt.NDArray[np.float64]:
    """Return the three weights, by gradient ascent with Adam's scaling."""
    usable = [c for c in found if c.is_right.any()]
    weights = np.array([1.0, 0.0, 0.0])
    mean, square = np.zeros(3), np.zeros(3)
    for _ in range(_STEPS):
        gradient = np.mean([_gradient(c, weights) for c in usable], axis=0)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.99 * square + 0.01 * gradient**2
        weights = weights + _RATE * mean / (np.sqrt(square) + 1e-8)
    return weights


def _gradient(found: Candidates, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    scores = found.features @ weights
    probability = np.exp(scores - scores.max())
    probability /= probability.sum()
    right = probability * found.is_right
    return np.asarray(found.features.T @ (right / right.sum() - probability))


def first_right(found: list[Candidates], weights: npt.NDArray[np.float64]) -> float:
    """Return the share of questions whose first span is right under the weights."""
    return float(np.mean([c.is_right[np.argmax(c.features @ weights)] for c in found]))


if __name__ == "__main__":
    main()
