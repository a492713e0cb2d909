"""What answers are worth at every null threshold: best thresholds, average precision, curves.

All four functions take the same thing, answers with their null odds, surest first; raising
the threshold past an answer's odds is what gives that answer.

Source: the official SQuAD 2.0 evaluation script, its best-threshold search and its
precision-recall analysis, arithmetic order included, so that figures agree to the last digit.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Metric = Literal["exact", "f1"]


@dataclass(frozen=True, slots=True)
class OddsAnswer:
    """An answer to one question, were it given, and the odds that it should not be.

    Attributes:
        null_odds: score_diff; a difference of logits, higher for "no answer".
        is_answerable: whether the question has an answer.
        is_empty: whether the answer is the empty text.
        exact: 0 or 1.
        f1: 0 to 1.
    """

    null_odds: float
    is_answerable: bool
    is_empty: bool
    exact: float
    f1: float


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """A precision-recall curve, from recall 0 on, each 0 to 1.

    Attributes:
        average: the area under its steps, 0 to 1.
    """

    precisions: tuple[float, ...]
    recalls: tuple[float, ...]
    average: float


@dataclass(frozen=True, slots=True)
class ThresholdScore:
    """The overall scores, in per cent, of the threshold that lets one more answer through."""

    threshold: float
    exact: float
    f1: float


def best_thresholds(answers: Sequence[OddsAnswer]) -> dict[str, float]:
    """Return the best exact and f1 that any null threshold reaches, and that threshold.

    Args:
        answers: by null odds, lowest first.
    """
    metrics: dict[str, float] = {}
    metric: Metric
    for metric in ("exact", "f1"):
        best, threshold = _score_without_answers(answers), 0.0
        for answer, current in zip(answers, _running_scores(answers, metric), strict=True):
            if current > best:
                best, threshold = current, answer.null_odds
        metrics[f"best_{metric}"] = 100.0 * best / len(answers)
        metrics[f"best_{metric}_thresh"] = threshold
    return metrics


def average_precisions(answers: Sequence[OddsAnswer]) -> dict[str, float]:
    """Return pr_exact_ap, pr_f1_ap and pr_oracle_ap in per cent.

    The oracle answers every answerable question rightly: it shows what the null odds
    alone are worth. Nothing is returned where no question is answerable.

    Args:
        answers: by null odds, lowest first.
    """
    if not any(answer.is_answerable for answer in answers):
        return {}
    kinds: dict[str, Callable[[OddsAnswer], float]] = {
        "exact": lambda answer: answer.exact,
        "f1": lambda answer: answer.f1,
        "oracle": lambda answer: 1.0,
    }
    return {
        f"pr_{name}_ap": 100.0 * precision_recall(answers, value).average
        for name, value in kinds.items()
    }


def precision_recall(
    answers: Sequence[OddsAnswer], value: Callable[[OddsAnswer], float]
) -> PrecisionRecall:
    """Return the curve that raising the threshold draws.

    Precision is the mean value of the answers given so far, those to unanswerable questions
    counting 0; recall is their sum over the number of answerable questions. Answers of equal
    odds pass together.

    Args:
        answers: by null odds, lowest first; at least one question is answerable.
        value: what an answer to an answerable question is worth, 0 to 1.
    """
    n_answerable = sum(answer.is_answerable for answer in answers)
    precisions, recalls = [1.0], [0.0]
    worth = average = 0.0
    for position, answer in enumerate(answers):
        if answer.is_answerable:
            worth += value(answer)
        is_last = position == len(answers) - 1
        if is_last or answer.null_odds != answers[position + 1].null_odds:
            precision, recall = worth / (position + 1), worth / n_answerable
            average += precision * (recall - recalls[-1])
            precisions.append(precision)
            recalls.append(recall)
    return PrecisionRecall(tuple(precisions), tuple(recalls), average)


def threshold_scores(answers: Sequence[OddsAnswer]) -> list[ThresholdScore]:
    """Return the overall scores at each threshold where they change, lowest first.

    Args:
        answers: by null odds, lowest first.
    """
    points = [
        ThresholdScore(answer.null_odds, 100.0 * exact / len(answers), 100.0 * f1 / len(answers))
        for answer, exact, f1 in zip(
            answers, _running_scores(answers, "exact"), _running_scores(answers, "f1"), strict=True
        )
    ]
    nexts = [point.threshold for point in points[1:]]
    return [p for p, after in zip(points, [*nexts, None], strict=True) if p.threshold != after]


def _score_without_answers(answers: Sequence[OddsAnswer]) -> float:
    return float(sum(not answer.is_answerable for answer in answers))


def _running_scores(answers: Sequence[OddsAnswer], metric: Metric) -> Iterator[float]:
    """Yield the sum of all questions' scores after each further answer is given."""
    current = _score_without_answers(answers)
    for answer in answers:
        if answer.is_answerable:
            current += answer.exact if metric == "exact" else answer.f1
        elif not answer.is_empty:
            current -= 1
        yield current
