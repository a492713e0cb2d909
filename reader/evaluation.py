"""The reader measured on labelled questions with their gold passages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from answerable.index import Passage

from .metrics import best_thresholds, squad_metrics
from .squad import SquadQuestion
from .types import Reader


@dataclass(frozen=True, slots=True)
class SquadEvaluation:
    """A reader's answers to a data set and their scores.

    Attributes:
        metrics: the official scorer's 13 keys; percentages, totals and thresholds.
        predictions: answer text by question id; empty where the reader found no answer.
        null_odds: score_diff by question id: a difference of logits, positive for "no answer".
    """

    metrics: dict[str, float]
    predictions: dict[str, str]
    null_odds: dict[str, float]


def evaluate_squad(
    reader: Reader,
    questions: Sequence[SquadQuestion],
    null_threshold: float,
    on_progress: Callable[[int], None] = lambda done: None,
) -> SquadEvaluation:
    """Read each question's own context and score the answers.

    The decision to answer is the null threshold's alone: a confidence model is for questions
    asked to a whole index, where the passage may be the wrong one.

    Args:
        reader: any reader.
        questions: with contexts and reference answers.
        null_threshold: in logits; the prediction is empty when score_diff is above it.
        on_progress: called with the number of questions done.
    """
    forced: dict[str, str] = {}
    predictions: dict[str, str] = {}
    null_odds: dict[str, float] = {}
    for done, question in enumerate(questions, start=1):
        prediction = reader.read(
            question.question,
            [_passage(question.context)],
            n_best=1,
            min_probability=0.0,
        )
        best = prediction.spans[0] if prediction.spans else None
        forced[question.id] = best.text if best else ""
        null_odds[question.id] = -best.score if best else float("inf")
        answers = null_odds[question.id] <= null_threshold
        predictions[question.id] = forced[question.id] if answers else ""
        on_progress(done)
    metrics = squad_metrics(questions, predictions) | best_thresholds(questions, forced, null_odds)
    return SquadEvaluation(metrics, predictions, null_odds)


def _passage(context: str) -> Passage:
    return Passage(
        id=0,
        document_id=0,
        start=0,
        end=len(context),
        text=context,
        heading="",
        page=None,
    )
