"""Fit the confidence model on labelled questions; numpy only.

Penalized likelihood: each weight has a normal prior around the model that one starts from, or
around 0, in units of the feature's spread; a feature that can only help never counts against an
answer. A few dozen questions so move the shipped model a little, and thousands make a new one,
which may also weigh what two features say together. Where a model is moved, its pairs stay.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .features import FEATURES, N_FEATURES
from .guarantee import CalibrationSample
from .logistic import LogisticProblem, Matrix, minimize, sigmoid
from .model import MIN_PROBABILITY, CalibrationOutcome, ConfidenceModel, Provenance
from .pairs import Pair, Together, pair_values, shares
from .shift import ShiftRule, mean_and_spread

_FOLDS = 10
# Of a weight around 0, and around that of a base, in log-odds per spread of its feature.
_PRIOR_SPREAD = 0.5
_BASE_SPREAD = 0.25
_PAIR_SPREAD = 1.0  # of a pair's weight around 0, in log-odds
_INTERCEPT_SPREAD = 3.0  # how often questions are answerable may differ by much
_ENOUGH_FOR_SHIFT = 200  # questions: fewer do not show what is usual


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A fitted law: log-odds = intercept + weights · features, ``usual`` where unknown, and pairs."""

    intercept: float
    weights: npt.NDArray[np.float64]
    usual: npt.NDArray[np.float64]
    together: Together | None

    def probability(self, features: Matrix) -> npt.NDArray[np.float64]:
        """Return the probability of each row of features."""
        known = np.where(np.isnan(features), self.usual, features)
        added = self.together.log_odds(features) if self.together else 0.0
        return sigmoid(self.intercept + known @ self.weights + added)


def fit_confidence(
    outcomes: Sequence[CalibrationOutcome],
    *,
    provenance: Provenance,
    base: ConfidenceModel | None = None,
    min_probability: float | None = None,
    null_threshold: float | None = None,
    pairs: Sequence[Pair] = (),
) -> ConfidenceModel:
    """Fit coefficients, the sample for error limits, and the look of the data.

    Args:
        outcomes: labelled questions, at least one.
        provenance: what they are, and whom the fit is for.
        base: the model to start from; None to start from nothing.
        min_probability: abstain below it by default; None for the base's, and for 0.5 where
            nothing was fitted before.
        null_threshold: see ``ConfidenceModel``; None for the base's.
        pairs: of features, to be weighed too; for thousands of questions, not for those that move a base.
    """
    features, is_right, weight = _arrays(outcomes)
    fitted = fit_coefficients(features, is_right, base, weight, pairs)
    shift = base.shift if base and len(outcomes) < _ENOUGH_FOR_SHIFT else ShiftRule.of(features)
    return ConfidenceModel(
        intercept=fitted.intercept,
        weights=tuple(fitted.weights.tolist()),
        usual=tuple(fitted.usual.tolist()),
        together=fitted.together,
        min_probability=_first(
            min_probability, base.fitted_min_probability if base else MIN_PROBABILITY
        ),
        null_threshold=_first(null_threshold, base.null_threshold if base else 0.0),
        provenance=provenance,
        sample=CalibrationSample.of(
            cross_fitted(outcomes, base=base, pairs=pairs), is_right, weight, _questions(outcomes)
        ),
        shift=shift,
    )


def cross_fitted(
    outcomes: Sequence[CalibrationOutcome],
    *,
    base: ConfidenceModel | None = None,
    n_folds: int = _FOLDS,
    pairs: Sequence[Pair] = (),
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
        fitted = fit_coefficients(features[kept], is_right[kept], base, weight[kept], pairs)
        probability[held_out] = fitted.probability(features[held_out])
    return probability


def fit_coefficients(
    features: Matrix,
    is_right: npt.NDArray[np.bool_],
    base: ConfidenceModel | None = None,
    weight: npt.NDArray[np.float64] | None = None,
    pairs: Sequence[Pair] = (),
) -> Coefficients:
    """Fit a law to labelled questions.

    Args:
        features: (n_questions, n_features), NaN where unknown; may be of no question at all.
        is_right: (n_questions,).
        base: the centre of the prior, whose pairs stay as they are; None for 0.
        weight: (n_questions,), how much each counts; None if all count alike.
        pairs: to be weighed too; none are where there is a base.
    """
    pairs = () if base else pairs
    weight = np.ones(len(is_right)) if weight is None else weight
    if base is not None and base.shift is not None:
        usual, spread = np.array(base.usual), np.array(base.shift.spread)
    else:
        usual, spread = mean_and_spread(features)
    spread = np.maximum(spread, [feature.least_spread for feature in FEATURES])
    scaled = np.nan_to_num((features - usual) / spread, nan=0.0)
    paired = pair_values(shares(features, usual, spread), pairs)
    centre = _centre(base, is_right, weight, usual, spread)
    beta = minimize(
        LogisticProblem(
            design=np.column_stack([np.ones(len(scaled)), scaled, paired]),
            offset=_together_before(base, features),
            is_right=is_right,
            weight=weight,
            centre=np.concatenate([centre, np.zeros(len(pairs))]),
            penalty=_penalty(base, len(pairs)),
            direction=np.array([0, *_directions(pairs)]),
        )
    )
    weights = beta[1 : N_FEATURES + 1] / spread
    together = base.together if base else _together(pairs, beta[N_FEATURES + 1 :], usual, spread)
    return Coefficients(float(beta[0] - weights @ usual), weights, usual, together)


def _centre(
    base: ConfidenceModel | None,
    is_right: npt.NDArray[np.bool_],
    weight: Matrix,
    usual: Matrix,
    spread: Matrix,
) -> Matrix:
    """Return where intercept and weights are before the questions tell, in scaled features."""
    if base is not None:
        intercept = base.intercept + float(np.dot(base.weights, usual))
        return np.array([intercept, *(np.array(base.weights) * spread)])
    if not len(is_right):
        return np.zeros(N_FEATURES + 1)
    # All alike until the features say otherwise.
    rate = (weight[is_right].sum() + 0.5) / (weight.sum() + 1)
    return np.array([float(np.log(rate / (1 - rate))), *[0.0] * N_FEATURES])


def _together_before(base: ConfidenceModel | None, features: Matrix) -> Matrix:
    """Return what the pairs of the base say, which stays: (n_questions,), in log-odds."""
    if base is None or base.together is None:
        return np.zeros(len(features))
    return base.together.log_odds(features)


def _directions(pairs: Sequence[Pair]) -> list[int]:
    return [feature.direction for feature in FEATURES] + [pair.direction for pair in pairs]


def _penalty(base: ConfidenceModel | None, n_pairs: int) -> Matrix:
    weight_spread = _PRIOR_SPREAD if base is None else _BASE_SPREAD
    spreads = [_INTERCEPT_SPREAD, *[weight_spread] * N_FEATURES, *[_PAIR_SPREAD] * n_pairs]
    return np.array(spreads) ** -2.0


def _together(
    pairs: Sequence[Pair], weights: Matrix, usual: Matrix, spread: Matrix
) -> Together | None:
    """Return the pairs that got a weight, None if none did."""
    kept = [(pair, float(w)) for pair, w in zip(pairs, weights, strict=True) if w]
    if not kept:
        return None
    chosen, theirs = zip(*kept, strict=True)
    return Together(chosen, theirs, tuple(usual.tolist()), tuple(spread.tolist()))


def _arrays(
    outcomes: Sequence[CalibrationOutcome],
) -> tuple[Matrix, npt.NDArray[np.bool_], Matrix]:
    features = np.array([outcome.features for outcome in outcomes], dtype=np.float64)
    is_right = np.array([outcome.is_right for outcome in outcomes], dtype=np.bool_)
    return features, is_right, np.array([outcome.weight for outcome in outcomes], dtype=np.float64)


def _questions(outcomes: Sequence[CalibrationOutcome]) -> npt.NDArray[np.intp]:
    """Return a number for each question, the same where one was asked in several ways."""
    numbers: dict[str, int] = {}
    for place, outcome in enumerate(outcomes):
        numbers.setdefault(outcome.question or f"{place}", len(numbers))
    return np.array([numbers[o.question or f"{i}"] for i, o in enumerate(outcomes)], dtype=np.intp)


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
