"""Texts of answers compared, on hand-made pairs."""

import pytest

from answerable.reader.answer_text import exact_match, normalize_answer, token_f1


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
