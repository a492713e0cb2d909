"""Fit the confidence model on labelled questions; numpy only.

Penalized likelihood: each weight has a normal prior around the model that one starts from, or
around 0, in units of the feature's spread; a feature that can only help never counts against an
answer. A few dozen questions so move the shipped model a little, and thousands make a new one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .features import FEATURES
from .guarantee import CalibrationSample
from .model import MIN_PROBABILITY, CalibrationOutcome, ConfidenceModel, Provenance
from .shift import ShiftRule, mean_and_spread

_FOLDS = 10
# Of a weight around 0, and around that of a base, in log-odds per spread of its feature.
_PRIOR_SPREAD = 0.5
_BASE_SPREAD = 0.25
_INTERCEPT_SPREAD = 3.0  # how often questions are answerable may differ by much
_ENOUGH_FOR_SHIFT = 200  # questions: fewer do not show what is usual

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A fitted law: log-odds = intercept + weights · features, ``usual`` where unknown."""

    intercept: float
    weights: npt.NDArray[np.float64]
    usual: npt.NDArray[np.float64]

    def probability(self, features: Matrix) -> npt.NDArray[np.float64]:
        """Return the probability of each row of features."""
        known = np.where(np.isnan(features), self.usual, features)
        return _sigmoid(self.intercept + known @ self.weights)


def fit_confidence(
    outcomes: Sequence[CalibrationOutcome],
    *,
    provenance: Provenance,
    base: ConfidenceModel | None = None,
    min_probability: float | None = None,
    null_threshold: float | None = None,
) -> ConfidenceModel:
    """Fit coefficients, the sample for error limits, and the look of the data.

    Args:
        outcomes: labelled questions, at least one.
        provenance: what they are, and whom the fit is for.
        base: the model to start from; None to start from nothing.
        min_probability: abstain below it by default; None for the base's, and for 0.5 where
            nothing was fitted before.
        null_threshold: see ``ConfidenceModel``; None for the base's.
    """
    features, is_right, weight = _arrays(outcomes)
    fitted = fit_coefficients(features, is_right, base, weight)
    shift = base.shift if base and len(outcomes) < _ENOUGH_FOR_SHIFT else ShiftRule.of(features)
    return ConfidenceModel(
        intercept=fitted.intercept,
        weights=tuple(fitted.weights.tolist()),
        usual=tuple(fitted.usual.tolist()),
        min_probability=_first(
            min_probability, base.fitted_min_probability if base else MIN_PROBABILITY
        ),
        null_threshold=_first(null_threshold, base.null_threshold if base else 0.0),
        provenance=provenance,
        sample=CalibrationSample.of(cross_fitted(outcomes, base=base), is_right, weight),
        shift=shift,
    )


def cross_fitted(
    outcomes: Sequence[CalibrationOutcome],
    *,
    base: ConfidenceModel | None = None,
    n_folds: int = _FOLDS,
) -> npt.NDArray[np.float64]:
    """Return each question's probability under a fit to the groups of the other folds.

    What a model says of questions that it has not seen: figures and error limits come from it.
    """
    features, is_right, weight = _arrays(outcomes)
    fold = _folds([outcome.group for outcome in outcomes], n_folds)
    probability = np.empty(len(outcomes))
    for number in np.unique(fold):
        held_out = fold == number
        kept = ~held_out
        fitted = fit_coefficients(features[kept], is_right[kept], base, weight[kept])
        probability[held_out] = fitted.probability(features[held_out])
    return probability


def fit_coefficients(
    features: Matrix,
    is_right: npt.NDArray[np.bool_],
    base: ConfidenceModel | None = None,
    weight: npt.NDArray[np.float64] | None = None,
) -> Coefficients:
    """Fit by Newton's method on the free weights, those at their bound held there.

    Args:
        features: (n_questions, n_features), NaN where unknown; may be of no question at all.
        is_right: (n_questions,).
        base: the centre of the prior; None for 0.
        weight: (n_questions,), how much each counts; None if all count alike.
    """
    weight = np.ones(len(is_right)) if weight is None else weight
    if base is not None and base.shift is not None:
        usual, spread = np.array(base.usual), np.array(base.shift.spread)
    else:
        usual, spread = mean_and_spread(features)
    spread = np.maximum(spread, [feature.least_spread for feature in FEATURES])
    design = np.nan_to_num((features - usual) / spread, nan=0.0)
    design = np.column_stack([np.ones(len(design)), design])
    centre = np.zeros(design.shape[1])
    if base is not None:
        centre[1:] = np.array(base.weights) * spread
        centre[0] = base.intercept + float(np.dot(base.weights, usual))
    elif len(is_right):  # all alike until the features say otherwise
        rate = (weight[is_right].sum() + 0.5) / (weight.sum() + 1)
        centre[0] = float(np.log(rate / (1 - rate)))
    weight_spread = _PRIOR_SPREAD if base is None else _BASE_SPREAD
    penalty = np.array([_INTERCEPT_SPREAD**-2, *[weight_spread**-2] * len(FEATURES)])
    beta = _newton(design, is_right, weight, centre, penalty)
    weights = beta[1:] / spread
    return Coefficients(float(beta[0] - weights @ usual), weights, usual)


def _newton(
    design: Matrix,
    is_right: npt.NDArray[np.bool_],
    weight: Matrix,
    centre: Matrix,
    penalty: Matrix,
) -> Matrix:
    """Maximize the penalized likelihood under the signs of ``FEATURES``."""
    direction = np.array([0, *(feature.direction for feature in FEATURES)])
    beta = _projected(centre, direction)
    loss = _loss(design, is_right, weight, beta, centre, penalty)
    for _ in range(100):
        probability = _sigmoid(design @ beta)
        gradient = design.T @ (weight * (probability - is_right)) + penalty * (beta - centre)
        is_free = ~((direction != 0) & (beta == 0) & (gradient * direction > 0))
        curvature = weight * probability * (1 - probability)
        hessian = (design.T * curvature) @ design + np.diag(penalty)
        step = np.zeros(len(beta))
        step[is_free] = np.linalg.solve(hessian[np.ix_(is_free, is_free)], gradient[is_free])
        for halvings in range(30):
            moved = _projected(beta - 0.5**halvings * step, direction)
            lower = _loss(design, is_right, weight, moved, centre, penalty)
            if lower <= loss:
                break
        change = float(np.abs(moved - beta).max())
        beta, loss = moved, lower
        if change < 1e-9:
            break
    return beta


def _projected(beta: Matrix, direction: npt.NDArray[np.int_]) -> Matrix:
    return np.where(beta * direction < 0, 0.0, beta)


def _loss(
    design: Matrix,
    is_right: npt.NDArray[np.bool_],
    weight: Matrix,
    beta: Matrix,
    centre: Matrix,
    penalty: Matrix,
) -> float:
    log_odds = design @ beta
    likelihood = weight * (np.logaddexp(0.0, log_odds) - is_right * log_odds)
    return float(likelihood.sum() + 0.5 * (penalty * (beta - centre) ** 2).sum())


def _arrays(
    outcomes: Sequence[CalibrationOutcome],
) -> tuple[Matrix, npt.NDArray[np.bool_], Matrix]:
    features = np.array([outcome.features for outcome in outcomes], dtype=np.float64)
    is_right = np.array([outcome.is_right for outcome in outcomes], dtype=np.bool_)
    return features, is_right, np.array([outcome.weight for outcome in outcomes], dtype=np.float64)


def _folds(groups: Sequence[str], n_folds: int) -> npt.NDArray[np.int_]:
    """Return a fold for each question, groups kept whole, the folds about equal in size."""
    sizes = Counter(groups)
    n_folds = min(n_folds, len(sizes))
    if n_folds < 2:  # one text only: nothing better than to split it
        return np.arange(len(groups)) % 2
    filled = [0] * n_folds
    fold_of = {}
    for group in sorted(sizes, key=lambda group: (-sizes[group], group)):
        fold_of[group] = filled.index(min(filled))
        filled[fold_of[group]] += sizes[group]
    return np.array([fold_of[group] for group in groups])


def _first(given: float | None, otherwise: float) -> float:
    return otherwise if given is None else given


def _sigmoid(log_odds: Matrix) -> Matrix:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -500, 500)))
