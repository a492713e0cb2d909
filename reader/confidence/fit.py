"""Fit the confidence model on labelled questions; numpy only."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .features import FEATURES
from .guarantee import CalibrationSample
from .model import CalibrationOutcome, ConfidenceModel, Provenance
from .shift import ShiftRule

_FOLDS = 5
_RIDGE = 1e-3


def fit_confidence(
    outcomes: Sequence[CalibrationOutcome],
    *,
    provenance: Provenance,
    min_probability: float = 0.25,
    null_threshold: float = 0.0,
) -> ConfidenceModel:
    """Fit coefficients, the sample for error limits, and the look of the data.

    Args:
        outcomes: labelled questions.
        provenance: what they are and whom the fit is for.
        min_probability: abstain below it by default.
        null_threshold: see ``ConfidenceModel``.
    """
    features = np.array([outcome.features for outcome in outcomes], dtype=np.float64)
    is_right = np.array([outcome.is_right for outcome in outcomes])
    intercept, weights, usual = fit_coefficients(features, is_right)
    return ConfidenceModel(
        intercept=intercept,
        weights=weights,
        usual=usual,
        min_probability=min_probability,
        null_threshold=null_threshold,
        provenance=provenance,
        sample=CalibrationSample.of(cross_fitted(outcomes), is_right),
        shift=ShiftRule.of(features),
    )


def cross_fitted(
    outcomes: Sequence[CalibrationOutcome], n_folds: int = _FOLDS
) -> npt.NDArray[np.float64]:
    """Return each question's probability under a fit to the groups of the other folds."""
    features = np.array([outcome.features for outcome in outcomes], dtype=np.float64)
    is_right = np.array([outcome.is_right for outcome in outcomes])
    groups = {g: i for i, g in enumerate(sorted({o.group for o in outcomes}))}
    fold = np.array([groups[outcome.group] % n_folds for outcome in outcomes])
    if len(groups) < n_folds:  # too few texts to keep apart: split the questions
        fold = np.arange(len(outcomes)) % n_folds
    probability = np.empty(len(outcomes))
    for number in range(n_folds):
        held_out = fold == number
        if not held_out.any() or held_out.all():
            held_out = fold == number
            continue
        intercept, weights, usual = fit_coefficients(features[~held_out], is_right[~held_out])
        known = np.where(np.isnan(features[held_out]), usual, features[held_out])
        probability[held_out] = _sigmoid(intercept + known @ np.array(weights))
    return probability


def fit_coefficients(
    features: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_], ridge: float = _RIDGE
) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
    """Fit intercept, weights and usual values by Newton's method, ridge-penalised.

    Args:
        features: (n_questions, n_features), NaN where unknown.
        is_right: (n_questions,).
        ridge: penalty on the weights of standardised features, not on the intercept.
    """
    usual = np.array([_mean(column) for column in features.T])
    known = np.where(np.isnan(features), usual, features)
    scale = np.maximum(known.std(axis=0), 1e-9)
    design = np.column_stack([np.ones(len(known)), (known - usual) / scale])
    penalty = np.diag([0.0, *[ridge * len(known)] * len(FEATURES)])
    penalty[0, 0] = 1e-9
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        probability = _sigmoid(design @ beta)
        gradient = design.T @ (is_right - probability) - penalty @ beta
        hessian = (design.T * (probability * (1 - probability))) @ design + penalty
        step = np.linalg.solve(hessian, gradient)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-8:
            break
    weights = beta[1:] / scale
    return float(beta[0] - weights @ usual), tuple(weights.tolist()), tuple(usual.tolist())


def _mean(column: npt.NDArray[np.float64]) -> float:
    known = column[~np.isnan(column)]
    return float(known.mean()) if len(known) else 0.0


def _sigmoid(log_odds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -500, 500)))
