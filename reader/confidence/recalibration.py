"""Few labelled questions: keep the order that a calibration gives, and correct its level.

Intercept and slope on the log-odds of a calibration that is there already, drawn towards
"leave it as it is" so that fifty questions cannot lead far astray.

Source: Platt 1999, "Probabilistic outputs for support vector machines"; the prior is ours.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from .guarantee import CalibrationSample
from .model import CalibrationOutcome, ConfidenceModel, Provenance
from .shift import CALIBRATION_SHARE, ShiftRule, mean_and_spread

_INTERCEPT_SPREAD = 2.0  # logits: right answers may be far more or less usual than they were
_SLOPE_SPREAD = 0.5  # what the features are worth changes less
_LEAST_SLOPE = 0.05  # rising, so that the order stays
_SMALLEST_STEP = 1e-8
_FOLDS = 10
_FURTHEST = 500.0

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def recalibrate(
    base: ConfidenceModel,
    outcomes: Sequence[CalibrationOutcome],
    *,
    provenance: Provenance,
) -> ConfidenceModel:
    """Fit intercept and slope on top of a calibration.

    The order of answers is the base's, which has not seen these questions: all of them may
    serve as the sample for error limits.

    Args:
        base: fitted on other questions.
        outcomes: labelled questions.
        provenance: what they are and whom the fit is for.
    """
    log_odds, is_right = base_log_odds(base, outcomes), right_of(outcomes)
    intercept, slope = fit_level(log_odds, is_right)
    return replace(
        base,
        intercept=intercept + slope * base.intercept,
        weights=tuple(slope * weight for weight in base.weights),
        together=base.together and base.together.scaled(slope),
        min_probability=base.fitted_min_probability,
        provenance=provenance,
        sample=CalibrationSample.of(probability_at(log_odds, intercept, slope), is_right),
        shift=base.shift and _moved(base.shift, outcomes),
    )


def _moved(shift: ShiftRule, outcomes: Sequence[CalibrationOutcome]) -> ShiftRule:
    """Return a rule for these questions: their mean and limit, the spread and shape as before.

    So few questions show where they are, but not how their features go together.
    """
    features = np.array([outcome.features for outcome in outcomes], dtype=np.float64)
    moved = replace(shift, mean=tuple(mean_and_spread(features)[0].tolist()))
    limit = np.quantile(moved.squared_distances(features), CALIBRATION_SHARE, method="higher")
    return replace(moved, limit=float(limit))


def cross_recalibrated(
    base: ConfidenceModel, outcomes: Sequence[CalibrationOutcome], n_folds: int = _FOLDS
) -> Numbers:
    """Return each question's probability under a fit to the groups of the other folds.

    Returns:
        (n_questions,) float64.
    """
    log_odds, is_right = base_log_odds(base, outcomes), right_of(outcomes)
    names = sorted({outcome.group for outcome in outcomes})
    if len(names) < 2:  # one text: the questions are all that can be kept apart
        fold = np.arange(len(outcomes)) % n_folds
    else:
        number = {name: i for i, name in enumerate(names)}
        fold = np.array([number[outcome.group] % n_folds for outcome in outcomes])
    probability = np.empty(len(outcomes))
    for held_out in (fold == value for value in np.unique(fold)):
        level = fit_level(log_odds[~held_out], is_right[~held_out])
        probability[held_out] = probability_at(log_odds[held_out], *level)
    return probability


def fit_level(log_odds: Numbers, is_right: Flags) -> tuple[float, float]:
    """Return intercept and slope of the likeliest correction of some log-odds that rises.

    Args:
        log_odds: (n_questions,).
        is_right: (n_questions,).
    """
    nothing = np.zeros(len(log_odds))
    design = np.column_stack([np.ones(len(log_odds)), log_odds])
    intercept, slope = _likeliest(design, nothing, is_right)
    if slope < _LEAST_SLOPE:  # the intercept beside it was for a slope that falls
        slope = _LEAST_SLOPE
        (intercept,) = _likeliest(design[:, :1], slope * log_odds, is_right)
    return float(intercept), float(slope)


def _likeliest(design: Numbers, fixed: Numbers, is_right: Flags) -> Numbers:
    """Return the likeliest intercept, and slope if the design has one, (1,) or (2,).

    Newton's method on the likelihood times a normal prior around 0 and 1.

    Args:
        design: (n_questions, 1 or 2), ones and log-odds.
        fixed: (n_questions,), added to what the design gives.
        is_right: (n_questions,).
    """
    n_free = design.shape[1]
    prior = np.array([0.0, 1.0])[:n_free]
    precision = np.diag([_INTERCEPT_SPREAD**-2, _SLOPE_SPREAD**-2])[:n_free, :n_free]

    def loss(level: Numbers) -> float:
        sides = np.where(is_right, -1.0, 1.0) * (fixed + design @ level)
        gap = level - prior
        return float(np.logaddexp(0.0, sides).sum() + gap @ precision @ gap / 2)

    level = prior.copy()
    for _ in range(50):
        probability = _sigmoid(fixed + design @ level)
        gradient = design.T @ (is_right - probability) - precision @ (level - prior)
        hessian = (design.T * (probability * (1 - probability))) @ design + precision
        step = np.linalg.solve(hessian, gradient)
        while loss(level + step) > loss(level) and float(np.abs(step).max()) > _SMALLEST_STEP:
            step = step / 2  # a whole step may lead past the best, and then ever farther
        level = level + step
        if float(np.abs(step).max()) < _SMALLEST_STEP:
            break
    return level


def probability_at(log_odds: Numbers, intercept: float, slope: float) -> Numbers:
    """Return corrected probabilities, (n_questions,)."""
    return _sigmoid(intercept + slope * log_odds)


def base_log_odds(base: ConfidenceModel, outcomes: Sequence[CalibrationOutcome]) -> Numbers:
    """Return what a calibration says of each question, (n_questions,) in log-odds."""
    probability = np.array([base.probability(outcome.features) for outcome in outcomes])
    bounded = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(bounded / (1 - bounded)), dtype=np.float64)


def right_of(outcomes: Sequence[CalibrationOutcome]) -> Flags:
    """Return which questions were answered rightly, (n_questions,)."""
    return np.array([outcome.is_right for outcome in outcomes], dtype=np.bool_)


def _sigmoid(log_odds: Numbers) -> Numbers:
    return np.asarray(
        1.0 / (1.0 + np.exp(-np.clip(log_odds, -_FURTHEST, _FURTHEST))), dtype=np.float64
    )
