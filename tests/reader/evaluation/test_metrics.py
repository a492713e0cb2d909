"""The SQuAD metrics on hand-made cases; published predictions are in test_evaluation.py."""

import pytest

from answerable.reader.evaluation.metrics import (
    exact_match,
    normalize_answer,
    squad_metrics,
    token_f1,
)
from answerable.reader.evaluation.squad import SquadAnswer, SquadQuestion


def _question(id: str, *answers: str) -> SquadQuestion:
    context = " ".join(answers) or "nothing here"
    return SquadQuestion(id, "t", context, "q?", tuple(SquadAnswer(a, 0) for a in answers))


def test_normalization() -> None:
    """Case, punctuation, articles and spacing do not count."""
    assert normalize_answer("  The U.S.  dollar-sign, a! ") == "us dollarsign"


@pytest.mark.parametrize(
    ("prediction", "reference", "exact", "f1"),
    [
        ("The cat", "cat", 1.0, 1.0),
        ("black cat", "cat", 0.0, 2 / 3),
        ("dog", "cat", 0.0, 0.0),
        ("", "cat", 0.0, 0.0),
        ("", "the", 1.0, 1.0),
    ],
)
def test_one_pair(prediction: str, reference: str, exact: float, f1: float) -> None:
    """Exact match and F1 of one prediction against one reference."""
    assert exact_match(prediction, reference) == exact
    assert token_f1(prediction, reference) == pytest.approx(f1)


def test_keys_and_averages() -> None:
    """Answerable and unanswerable questions are averaged apart and together."""
    questions = [_question("a", "cat"), _question("b", "dog"), _question("c")]
    metrics = squad_metrics(questions, {"a": "cat", "b": "", "c": "fish"})
    assert metrics == {
        "exact": 100 / 3,
        "f1": 100 / 3,
        "total": 3,
        "HasAns_exact": 50.0,
        "HasAns_f1": 50.0,
        "HasAns_total": 2,
        "NoAns_exact": 0.0,
        "NoAns_f1": 0.0,
        "NoAns_total": 1,
    }
