"""Best thresholds, average precision and curves: hand-made cases, and brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader.evaluation.thresholds import (
    OddsAnswer,
    ThresholdScore,
    average_precisions,
    best_thresholds,
    precision_recall,
    threshold_scores,
)


def _answer(odds: float, f1: float | None, *, is_empty: bool = False) -> OddsAnswer:
    """Return an answer worth ``f1``; None for one to an unanswerable question."""
    worth = 0.0 if f1 is None else f1
    return OddsAnswer(odds, f1 is not None, is_empty, float(worth == 1.0), worth)


ANSWERS = [_answer(-3.0, 1.0), _answer(0.5, None), _answer(1.0, 0.5)]

RANDOM_ANSWERS = st.lists(
    st.builds(
        _answer,
        odds=st.integers(-5, 5).map(float),
        f1=st.none() | st.sampled_from([0.0, 0.25, 1.0]),
    ),
    min_size=1,
    max_size=12,
).map(lambda answers: sorted(answers, key=lambda answer: answer.null_odds))


def _overall_f1(answers: list[OddsAnswer], threshold: float) -> float:
    """Score a threshold by asking of each question whether it would be answered."""
    scores = [
        answer.f1 if answer.null_odds <= threshold else float(not answer.is_answerable)
        for answer in answers
    ]
    return 100 * sum(scores) / len(answers)


def test_best_threshold_uses_the_null_odds() -> None:
    """The best threshold lets the right answer through and neither of the others."""
    assert best_thresholds(ANSWERS) == {
        "best_exact": 200 / 3,
        "best_exact_thresh": -3.0,
        "best_f1": 200 / 3,
        "best_f1_thresh": -3.0,
    }


def test_no_answer_at_all_may_be_best() -> None:
    """Where every answer costs, the best score is that of none, at threshold 0 by convention."""
    answers = [_answer(-1.0, None), _answer(2.0, 0.0)]
    assert best_thresholds(answers)["best_f1"] == 50.0
    assert best_thresholds(answers)["best_f1_thresh"] == 0.0


def test_an_empty_answer_to_an_unanswerable_question_costs_nothing() -> None:
    """Letting "no answer" through is no mistake where there is none."""
    answers = [_answer(-1.0, None, is_empty=True), _answer(2.0, 1.0)]
    assert best_thresholds(answers)["best_exact"] == 100.0


def test_average_precisions_by_hand() -> None:
    """Precisions 1, 1/2 and 1.5/3 where recall grows by 1/2, 0 and 1/4."""
    assert average_precisions(ANSWERS) == {
        "pr_exact_ap": pytest.approx(100 * 0.5),
        "pr_f1_ap": pytest.approx(100 * (0.5 + 0.5 * 0.25)),
        "pr_oracle_ap": pytest.approx(100 * (0.5 + 2 / 3 * 0.5)),
    }
    assert average_precisions([_answer(0.0, None)]) == {}


def test_equal_odds_pass_together() -> None:
    """No threshold stands between equal odds: their order changes nothing."""
    pair = [_answer(1.0, 1.0), _answer(1.0, None)]
    curve = precision_recall(pair, lambda answer: answer.f1)
    assert (curve.precisions, curve.recalls, curve.average) == ((1.0, 0.5), (0.0, 1.0), 0.5)
    assert precision_recall(pair[::-1], lambda answer: answer.f1) == curve


def test_threshold_scores_by_hand() -> None:
    """One point for each threshold, with both overall scores."""
    assert threshold_scores([*ANSWERS, _answer(1.0, None)]) == [
        ThresholdScore(-3.0, 75.0, 75.0),
        ThresholdScore(0.5, 50.0, 50.0),
        ThresholdScore(1.0, 25.0, 37.5),
    ]


@given(RANDOM_ANSWERS)
def test_curve_is_the_score_of_each_threshold(answers: list[OddsAnswer]) -> None:
    """Every point is what asking each question again at that threshold gives."""
    points = threshold_scores(answers)
    assert [p.threshold for p in points] == sorted({a.null_odds for a in answers})
    for point in points:
        assert point.f1 == pytest.approx(_overall_f1(answers, point.threshold))


@given(RANDOM_ANSWERS.filter(lambda a: len({x.null_odds for x in a}) == len(a)))
def test_no_threshold_is_better_than_the_best(answers: list[OddsAnswer]) -> None:
    """Without equal odds, the best score is the highest that any threshold reaches."""
    reached = [_overall_f1(answers, t) for t in (-6.0, *(a.null_odds for a in answers))]
    assert best_thresholds(answers)["best_f1"] == pytest.approx(max(reached))
