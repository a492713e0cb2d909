"""The SQuAD metrics of a whole data set, under the official scorer's names.

How two answers are compared is in ``answer_text``, what the null odds add in ``thresholds``.
"""

from collections.abc import Mapping, Sequence

from ..answer_text import answer_scores
from .squad import SquadQuestion


def question_scores(prediction: str, question: SquadQuestion) -> tuple[float, float]:
    """Return (exact, f1) of one prediction, each 0 to 1, best over the references."""
    return answer_scores(prediction, [answer.text for answer in question.answers])


def squad_metrics(
    questions: Sequence[SquadQuestion], predictions: Mapping[str, str]
) -> dict[str, float]:
    """Return exact, f1 and total, overall and by kind of question, as percentages.

    Args:
        questions: the data set; every one needs a prediction.
        predictions: answer text by question id; empty for "no answer".
    """
    scores = [question_scores(predictions[q.id], q) for q in questions]
    return averages([q.is_answerable for q in questions], scores)


def averages(answerable: Sequence[bool], scores: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Return exact, f1 and total, overall and by kind of question, as percentages.

    Args:
        answerable: whether each question has an answer.
        scores: (exact, f1) of each question, 0 to 1.
    """
    metrics = _averages(scores, prefix="")
    for prefix, kind in (("HasAns_", True), ("NoAns_", False)):
        of_kind = [
            s for is_answerable, s in zip(answerable, scores, strict=True) if is_answerable is kind
        ]
        if of_kind:
            metrics |= _averages(of_kind, prefix)
    return metrics


def _averages(scores: Sequence[tuple[float, float]], prefix: str) -> dict[str, float]:
    total = len(scores)
    return {
        f"{prefix}exact": 100.0 * sum(exact for exact, _ in scores) / total,
        f"{prefix}f1": 100.0 * sum(f1 for _, f1 in scores) / total,
        f"{prefix}total": total,
    }
