"""A calibration corrected by few questions: its level moves, its order stays."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader import (
    FEATURES,
    CalibrationOutcome,
    ConfidenceModel,
    MaxErrorUnsupported,
    Provenance,
    ShiftRule,
    cross_recalibrated,
    fit_confidence,
    fit_level,
    recalibrate,
    uncalibrated,
)
from answerable.reader.confidence import unable_to_abstain

PROVENANCE = Provenance("mine.csv", 60, "2026-03-01", "reader", "encoder", 3)


def _features(score: float) -> tuple[float, ...]:
    return tuple(score if feature.name == "score" else 0.0 for feature in FEATURES)


def _outcomes(n: int, intercept: float, slope: float, seed: int = 0) -> list[CalibrationOutcome]:
    """Questions whose answers are right with the logistic probability of their scores."""
    random = np.random.default_rng(seed)
    scores = random.normal(1.0, 2.0, n)
    probability = 1 / (1 + np.exp(-(intercept + slope * scores)))
    is_right = random.random(n) < probability
    return [
        CalibrationOutcome(f"text {i % 12}", _features(float(score)), bool(right), True)
        for i, (score, right) in enumerate(zip(scores, is_right, strict=True))
    ]


def _base() -> ConfidenceModel:
    return uncalibrated("reader")


def test_level_and_slope_are_found() -> None:
    """With many questions the fit is what they were drawn from."""
    model = recalibrate(_base(), _outcomes(4000, -1.0, 0.5), provenance=PROVENANCE)
    for score in (-2.0, 0.0, 3.0):
        expected = 1 / (1 + np.exp(-(-1.0 + 0.5 * score)))
        assert model.probability(_features(score)) == pytest.approx(expected, abs=0.03)


def test_few_questions_move_it_little() -> None:
    """Where all of ten answers are right, nothing becomes certain."""
    outcomes = [CalibrationOutcome(str(i), _features(1.0), True, True) for i in range(10)]
    model = recalibrate(_base(), outcomes, provenance=PROVENANCE)
    assert 0.8 < model.probability(_features(1.0)) < 0.98


def test_order_stays_even_when_scores_mislead() -> None:
    """Answers that are right more often at low scores do not turn the order round.

    What is said of them is then about true on the whole.
    """
    for intercept in (-2.0, 0.0, 2.5):
        outcomes = _outcomes(400, intercept, -2.0)
        model = recalibrate(_base(), outcomes, provenance=PROVENANCE)
        assert model.probability(_features(2.0)) > model.probability(_features(1.0))
        stated = np.mean([model.probability(outcome.features) for outcome in outcomes])
        assert stated == pytest.approx(np.mean([o.is_right for o in outcomes]), abs=0.02)


def test_base_is_kept_but_for_the_level() -> None:
    """Thresholds are the base's; provenance, sample and shift rule are of these questions."""
    n = len(FEATURES)
    identity = tuple(tuple(float(i == j) for j in range(n)) for i in range(n))
    shift = ShiftRule((-50.0,) * n, (1.0,) * n, identity, 9.0)
    base = replace(
        _base(), min_probability=0.31, null_threshold=-2.0, shift=shift, provenance=PROVENANCE
    )
    assert base.is_shifted(_features(1.0))
    model = recalibrate(base, _outcomes(60, 0.0, 1.0), provenance=PROVENANCE)
    assert (model.min_probability, model.null_threshold) == (0.31, -2.0)
    assert model.name == "mine.csv, 60 questions, 2026-03-01"
    assert model.sample is not None and len(model.sample.probability) == 60
    assert not model.is_shifted(_features(1.0))
    assert model.is_shifted(_features(60.0))


def test_a_reader_that_never_abstained_does_so_once_fitted() -> None:
    """Its threshold of 0 was for want of a fit, be it of the level or of every coefficient."""
    base, outcomes = unable_to_abstain("reader"), _outcomes(60, -1.0, 1.0)
    level = recalibrate(base, outcomes, provenance=PROVENANCE)
    every = fit_confidence(outcomes, provenance=PROVENANCE, base=base)
    assert (level.min_probability, every.min_probability) == (0.5, 0.5)
    assert level.null_threshold == every.null_threshold == base.null_threshold
    again = fit_confidence(outcomes, provenance=PROVENANCE, base=level, min_probability=0.2)
    assert recalibrate(again, outcomes, provenance=PROVENANCE).min_probability == 0.2


def test_error_limit_holds_on_new_questions() -> None:
    """Of 100 calibrations on 80 questions, at most 10 promise what new questions do not keep."""
    fresh = _outcomes(3000, 0.5, 1.0, seed=999)
    features = [outcome.features for outcome in fresh]
    is_right = np.array([outcome.is_right for outcome in fresh])
    broken = kept = 0
    for seed in range(100):
        model = recalibrate(_base(), _outcomes(80, 0.5, 1.0, seed), provenance=PROVENANCE)
        with suppress(MaxErrorUnsupported):
            threshold = model.threshold_for(0.2).min_probability
            given = np.array([model.probability(one) >= threshold for one in features])
            is_broken = bool((~is_right[given]).mean() > 0.2)
            broken, kept = broken + is_broken, kept + (not is_broken)
    assert kept > 70
    assert broken <= 10


def test_cross_fitted_probabilities_leave_the_group_out() -> None:
    """A question's probability does not depend on what is right in its own group."""
    outcomes = _outcomes(60, 0.0, 1.0)
    changed = [
        replace(outcome, is_right=not outcome.is_right) if outcome.group == "text 0" else outcome
        for outcome in outcomes
    ]
    mine = np.array([outcome.group == "text 0" for outcome in outcomes])
    before, after = (cross_recalibrated(_base(), o, n_folds=12) for o in (outcomes, changed))
    assert before[mine] == pytest.approx(after[mine])
    assert before[~mine] != pytest.approx(after[~mine])


def test_one_group_is_split_by_question() -> None:
    """Questions of one text only still get probabilities of fits without them."""
    outcomes = [replace(outcome, group="all") for outcome in _outcomes(40, 0.0, 1.0)]
    probability = cross_recalibrated(_base(), outcomes)
    assert ((probability > 0) & (probability < 1)).all()


@given(
    st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=1, max_size=40),
)
def test_level_is_always_finite_and_rising(pairs: list[tuple[float, bool]]) -> None:
    """Separable, constant or contradictory data: the fit ends, and rises with the score."""
    log_odds, is_right = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    intercept, slope = fit_level(log_odds, is_right)
    assert np.isfinite([intercept, slope]).all()
    assert slope > 0


@pytest.mark.parametrize(("slope", "at_most"), [(0.0, 0.18), (1.0, 0.1)])
def test_the_limit_is_kept_though_the_level_has_seen_the_labels(
    slope: float, at_most: float
) -> None:
    """Broken in about one of 10 where scores say nothing and all errs just above, else in few."""
    limit, n_draws, broken = 0.3, 200, 0
    random = np.random.default_rng(3)
    scores = random.normal(0.0, 2.0, 50_000)
    intercept = float(np.log(0.69 / 0.31)) if slope == 0.0 else 0.0
    wrong = 1 / (1 + np.exp(intercept + slope * scores))
    for _ in range(n_draws):
        drawn = random.integers(len(scores), size=60)
        is_right = random.random(60) >= wrong[drawn]
        outcomes = [
            CalibrationOutcome(str(i), _features(float(score)), bool(right), True)
            for i, (score, right) in enumerate(zip(scores[drawn], is_right, strict=True))
        ]
        model = recalibrate(_base(), outcomes, provenance=PROVENANCE)
        assert model.sample is not None
        if found := model.sample.find_threshold(limit):
            level = model.intercept + model.weights[0] * scores
            answered = 1 / (1 + np.exp(-level)) >= found.min_probability
            broken += bool(answered.any()) and float(wrong[answered].mean()) > limit
    assert broken <= at_most * n_draws
