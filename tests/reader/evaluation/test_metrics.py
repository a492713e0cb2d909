"""The SQuAD metrics on hand-made cases; published predictions are in test_scores.py."""

from answerable.reader.evaluation.metrics import squad_metrics
from answerable.reader.evaluation.squad import SquadAnswer, SquadQuestion


def _question(id: str, *answers: str) -> SquadQuestion:
    context = " ".join(answers) or "nothing here"
    return SquadQuestion(id, "t", context, "q?", tuple(SquadAnswer(a, 0) for a in answers))


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
