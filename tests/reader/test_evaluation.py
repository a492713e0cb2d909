"""Evaluation on gold passages: one prediction a question, and null odds that mean something."""

from answerable.reader import SquadAnswer, SquadQuestion, evaluate_squad
from tests.reader.scripted import ScriptedScorer, scripted_reader, word_tokenizer

CONTEXT = "ann ran home"


def test_metrics_predictions_and_null_odds() -> None:
    """Right where the reader is sure, empty where null wins; odds and thresholds follow."""
    tokenizer = word_tokenizer(CONTEXT)
    reader = scripted_reader(ScriptedScorer(tokenizer, {"ann": (3.0, 3.0)}), tokenizer)
    questions = [
        SquadQuestion("1", "t", CONTEXT, "who", (SquadAnswer("Ann", 0),)),
        SquadQuestion("2", "t", "home ran", "who", ()),
    ]
    seen: list[int] = []
    result = evaluate_squad(reader, questions, 0.0, seen.append)
    assert result.predictions == {"1": "ann", "2": ""}
    assert result.null_odds == {"1": -6.0, "2": 20.0}
    assert (result.metrics["exact"], result.metrics["best_exact_thresh"]) == (100.0, -6.0)
    assert list(result.metrics) == [
        *("exact", "f1", "total"),
        *("HasAns_exact", "HasAns_f1", "HasAns_total"),
        *("NoAns_exact", "NoAns_f1", "NoAns_total"),
        *("best_exact", "best_exact_thresh", "best_f1", "best_f1_thresh"),
    ]
    assert seen == [1, 2]
