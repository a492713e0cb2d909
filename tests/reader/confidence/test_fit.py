"""Fitting: the law that made the data comes back, signs are kept, small data move little."""

import time

import numpy as np
import numpy.typing as npt
import pytest

from answerable.reader import (
    FEATURES,
    CalibrationOutcome,
    ConfidenceModel,
    Provenance,
    cross_fitted,
    expected_calibration_error,
    fit_confidence,
)
from answerable.reader.confidence.fit import _folds, fit_coefficients

N = len(FEATURES)
TRUE = np.array([0.8 * (feature.direction or 0.5) for feature in FEATURES])
PROVENANCE = Provenance("drawn", 0, "2026-01-01", "scripted")


def _drawn(
    n: int, seed: int = 0, weights: npt.NDArray[np.float64] = TRUE, intercept: float = -0.5
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, N))
    log_odds = intercept + features @ weights
    return features, rng.random(n) < 1 / (1 + np.exp(-log_odds))


def _outcomes(n: int, seed: int = 0, intercept: float = -0.5) -> list[CalibrationOutcome]:
    features, is_right = _drawn(n, seed, intercept=intercept)
    return [
        CalibrationOutcome(f"article {i % 12}", tuple(row), bool(right), True)
        for i, (row, right) in enumerate(zip(features.tolist(), is_right, strict=True))
    ]


@pytest.fixture(scope="module")
def fitted() -> ConfidenceModel:
    """A model of 3,000 questions."""
    return fit_confidence(_outcomes(3000), provenance=PROVENANCE)


def test_the_law_that_made_the_data_comes_back() -> None:
    """On 20,000 points the coefficients are those of the law."""
    fitted = fit_coefficients(*_drawn(20_000))
    assert [fitted.intercept, *fitted.weights] == pytest.approx([-0.5, *TRUE], abs=0.1)


def test_a_weight_counts_as_often() -> None:
    """Questions of weight 2 are as good as the same questions twice."""
    features, is_right = _drawn(500)
    twice = np.concatenate([features, features]), np.concatenate([is_right, is_right])
    weighted = fit_coefficients(features, is_right, weight=np.full(500, 2.0))
    assert weighted.weights == pytest.approx(fit_coefficients(*twice).weights, abs=1e-4)
    assert weighted.weights != pytest.approx(fit_coefficients(features, is_right).weights, abs=1e-2)


def test_a_feature_never_counts_against_its_direction() -> None:
    """Where the data say the opposite of what can be, the weight is 0; the others are kept."""
    features, is_right = _drawn(4000, weights=np.where(np.arange(N) == 0, -TRUE, TRUE))
    weights = fit_coefficients(features, is_right).weights
    directions = np.array([feature.direction for feature in FEATURES])
    assert weights[0] == 0.0
    assert (weights * directions >= 0).all() and (weights[1:] != 0).all()


def test_fit_survives_data_that_a_line_separates() -> None:
    """The penalty keeps the coefficients finite."""
    features, _ = _drawn(50)
    fitted = fit_coefficients(features, features[:, 0] > 0)
    assert np.isfinite(fitted.weights).all() and fitted.weights[0] > 0.5


def test_unknown_features_are_taken_as_usual(fitted: ConfidenceModel) -> None:
    """NaN stands for the mean of the calibration."""
    usual = list(fitted.usual)
    assert fitted.probability([np.nan] * N) == pytest.approx(fitted.probability(usual))
    features, is_right = _drawn(500)
    features[:, 3] = np.nan
    assert fit_coefficients(features, is_right).weights[3] == 0.0


def test_probabilities_of_unseen_questions_are_calibrated() -> None:
    """Cross-fitted on 3,000 questions, the error is that of chance."""
    outcomes = _outcomes(3000)
    is_right = np.array([outcome.is_right for outcome in outcomes])
    assert expected_calibration_error(cross_fitted(outcomes), is_right) < 0.03


def test_few_questions_move_the_base_a_little(fitted: ConfidenceModel) -> None:
    """Forty questions of a place where less is answerable lower the intercept, not the rest."""
    few = _outcomes(40, seed=3, intercept=-3.0)
    model = fit_confidence(few, provenance=PROVENANCE, base=fitted)
    alone = fit_confidence(few, provenance=PROVENANCE)
    assert model.intercept < fitted.intercept - 0.5
    assert np.abs(np.subtract(model.weights, fitted.weights)).max() < 0.3
    assert np.linalg.norm(np.subtract(model.weights, TRUE)) < np.linalg.norm(
        np.subtract(alone.weights, TRUE)
    )


def test_one_question_is_enough_not_to_fail(fitted: ConfidenceModel) -> None:
    """A single labelled question gives a model next to its base."""
    model = fit_confidence(_outcomes(1), provenance=PROVENANCE, base=fitted)
    assert model.weights == pytest.approx(fitted.weights, abs=0.2)


def test_groups_are_never_split(fitted: ConfidenceModel) -> None:
    """What is said of a question does not depend on the labels of its own article."""
    outcomes = _outcomes(240)
    flipped = [
        CalibrationOutcome(o.group, o.features, not o.is_right, o.is_answerable)
        if o.group == "article 0"
        else o
        for o in outcomes
    ]
    of_group = [i for i, outcome in enumerate(outcomes) if outcome.group == "article 0"]
    assert cross_fitted(flipped)[of_group] == pytest.approx(cross_fitted(outcomes)[of_group])


def test_folds_of_many_groups_take_no_time() -> None:
    """Thirty thousand groups of one question are folds in a moment: 10 s when each was counted."""
    groups = [f"text {number}" for number in range(30_000)]
    began = time.process_time()
    folds = _folds(groups, 10)
    assert time.process_time() - began < 1
    assert np.bincount(folds).tolist() == [3_000] * 10
