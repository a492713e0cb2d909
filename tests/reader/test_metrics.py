"""The SQuAD metrics: hand-made cases, and published predictions to the last digit."""

import gzip
import json
from pathlib import Path

import pytest

from answerable.reader.metrics import (
    best_thresholds,
    exact_match,
    normalize_answer,
    squad_metrics,
    token_f1,
)
from answerable.reader.squad import SquadAnswer, SquadQuestion, read_squad


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


def test_best_threshold_uses_the_null_odds() -> None:
    """The best threshold answers "a" and leaves "c" and the wrong "b" unanswered."""
    questions = [_question("a", "cat"), _question("b", "dog"), _question("c")]
    forced = {"a": "cat", "b": "wolf", "c": "fish"}
    odds = {"a": -3.0, "b": 1.0, "c": 0.5}
    assert best_thresholds(questions, forced, odds) == {
        "best_exact": 200 / 3,
        "best_exact_thresh": -3.0,
        "best_f1": 200 / 3,
        "best_f1_thresh": -3.0,
    }


@pytest.mark.data
@pytest.mark.parametrize(
    ("system", "exact", "f1"),
    [
        ("bert-single", 78.97334649555775, 81.82635533198284),
        ("nlnet-single", 76.39025995393222, 79.25737675069149),
    ],
)
def test_published_predictions(data_folder: Path, system: str, exact: float, f1: float) -> None:
    """Two published systems score what the official scorer gives them, to the last digit."""
    squad = data_folder / "squad"
    questions = read_squad(squad / "dev-a-v2.0.json.gz")
    raw = gzip.decompress((squad / "published" / f"{system}.predictions.json.gz").read_bytes())
    metrics = squad_metrics(questions, json.loads(raw))
    assert (metrics["exact"], metrics["f1"]) == (exact, f1)
