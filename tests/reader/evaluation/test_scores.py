"""Evaluation on gold passages: every question once, scored by the official rules."""

import gzip
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from answerable.reader import (
    FORCED,
    DatasetInvalid,
    SquadAnswer,
    SquadQuestion,
    evaluate_squad,
    read_squad,
    score_predictions,
)
from answerable.reader.spans import Logits
from answerable.reader.windows import Window
from tests.reader.scripted import ScriptedScorer, scripted_reader, word_tokenizer
from tests.reader.squad_samples import question

CONTEXT = "ann ran home"
OFFICIAL_KEYS = [
    *("exact", "f1", "total"),
    *("HasAns_exact", "HasAns_f1", "HasAns_total"),
    *("NoAns_exact", "NoAns_f1", "NoAns_total"),
    *("best_exact", "best_exact_thresh", "best_f1", "best_f1_thresh"),
    *("pr_exact_ap", "pr_f1_ap", "pr_oracle_ap"),
]
QUESTIONS = [
    SquadQuestion("1", "t", CONTEXT, "who", (SquadAnswer("Ann", 0),)),
    SquadQuestion("2", "t", "home ran", "who", ()),
]


def test_metrics_predictions_and_null_odds() -> None:
    """Right where the reader is sure, empty where null wins; odds and thresholds follow."""
    tokenizer = word_tokenizer(CONTEXT)
    reader = scripted_reader(ScriptedScorer(tokenizer, {"ann": (3.0, 3.0)}), tokenizer)
    seen: list[int] = []
    result = evaluate_squad(reader, QUESTIONS, 0.0, seen.append)
    assert result.predictions == {"1": "ann", "2": ""}
    assert result.answers == {"1": "ann", "2": "home"}
    assert result.null_odds == {"1": -6.0, "2": 20.0}
    assert (result.metrics["exact"], result.metrics["best_exact_thresh"]) == (100.0, -6.0)
    assert list(result.metrics) == OFFICIAL_KEYS
    assert seen == [1, 2]


def test_forced_answers() -> None:
    """Forced, every question is answered; the odds and what follows of them stay."""
    tokenizer = word_tokenizer(CONTEXT)
    reader = scripted_reader(ScriptedScorer(tokenizer, {"ann": (3.0, 3.0)}), tokenizer)
    free, forced = (evaluate_squad(reader, QUESTIONS, t) for t in (0.0, FORCED))
    assert forced.predictions == forced.answers == free.answers
    assert forced.metrics["NoAns_f1"] == 0.0
    assert forced.ranked == free.ranked


def test_nothing_to_read_is_no_answer() -> None:
    """An empty context gives no answer, with odds that JSON can hold."""
    tokenizer = word_tokenizer(CONTEXT)
    reader = scripted_reader(ScriptedScorer(tokenizer, {}), tokenizer)
    empty = SquadQuestion("1", "t", "", "who", ())
    result = evaluate_squad(reader, [empty], 0.0)
    assert (result.predictions, result.metrics["exact"]) == ({"1": ""}, 100.0)
    assert json.loads(json.dumps(result.null_odds, allow_nan=False))["1"] > 1000


def test_without_unanswerable_questions_there_is_no_average_precision() -> None:
    """The precision-recall keys are left out, the best threshold is not."""
    result = score_predictions(QUESTIONS[:1], {"1": "ann"}, {"1": 0.0})
    assert list(result.metrics) == [
        key for key in OFFICIAL_KEYS if not key.startswith(("NoAns", "pr"))
    ]


def test_predictions_without_odds_have_the_plain_keys() -> None:
    """Without null odds there is nothing to say of thresholds."""
    result = score_predictions(QUESTIONS, {"1": "ann", "2": "", "other": "x"})
    assert list(result.metrics) == OFFICIAL_KEYS[:9]
    assert (result.null_odds, result.null_threshold) == ({}, None)


def test_a_threshold_decides_over_given_predictions() -> None:
    """An answer whose odds are above the threshold counts as none; without one, it stands."""
    answers, odds = {"1": "ann", "2": "ran"}, {"1": 1.0, "2": 1.5}
    assert score_predictions(QUESTIONS, answers, odds).metrics["NoAns_exact"] == 0.0
    cut = score_predictions(QUESTIONS, answers, odds, 1.0)
    assert cut.predictions == {"1": "ann", "2": ""}
    assert cut.metrics["exact"] == 100.0


def test_equal_odds_are_ranked_in_the_files_order() -> None:
    """As the official scorer does, the best threshold search follows the odds file."""
    answers = {"1": "ann", "2": "ran"}
    first = score_predictions(QUESTIONS, answers, {"1": 0.0, "2": 0.0})
    second = score_predictions(QUESTIONS, answers, {"2": 0.0, "1": 0.0})
    assert [a.is_answerable for a in first.ranked] == [True, False]
    assert [a.is_answerable for a in second.ranked] == [False, True]


@pytest.mark.parametrize(
    ("answers", "odds", "message"),
    [
        ({"1": "ann"}, None, "predictions lack 1 of 2"),
        ({"1": "", "2": ""}, {"2": 0.0}, "null odds"),
    ],
)
def test_missing_predictions_are_an_error(
    answers: dict[str, str], odds: dict[str, float] | None, message: str
) -> None:
    """A question without a prediction is never left out of the total in silence."""
    with pytest.raises(DatasetInvalid, match=message):
        score_predictions(QUESTIONS, answers, odds)


class _MeetingScorer(ScriptedScorer):
    """Scores a window only when another one is being scored at the same time."""

    meeting = threading.Barrier(2, timeout=20)

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        self.meeting.wait()
        return super().logits(windows)


def test_questions_are_read_at_the_same_time() -> None:
    """Two questions of one window each are scored together: neither waits for the other."""
    tokenizer = word_tokenizer(CONTEXT)
    reader = scripted_reader(_MeetingScorer(tokenizer, {"ann": (3.0, 3.0)}), tokenizer)
    assert evaluate_squad(reader, QUESTIONS, 0.0).predictions == {"1": "ann", "2": ""}


class _FailingScorer(ScriptedScorer):
    """Fails at every window, and counts them."""

    calls = 0

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        self.calls += 1
        raise DatasetInvalid("the model fails")


def test_an_error_stops_the_reading() -> None:
    """The first error ends the evaluation; the hundreds of questions behind it are not read."""
    tokenizer = word_tokenizer(CONTEXT)
    scorer = _FailingScorer(tokenizer, {})
    questions = [question(str(n), "who", context=CONTEXT) for n in range(2000)]
    with pytest.raises(DatasetInvalid, match="the model fails"):
        evaluate_squad(scripted_reader(scorer, tokenizer), questions, 0.0)
    assert scorer.calls < 2000


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
    metrics = score_predictions(questions, json.loads(raw)).metrics
    assert (metrics["exact"], metrics["f1"], metrics["total"]) == (exact, f1, 6078)
