"""How good probabilities are: calibration, and what abstaining by them buys.

Every function takes one number a question; ``share`` says how much each question counts and
defaults to all alike. No figure depends on the order of the questions.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
N_BINS = 15
_LEAST_BINS = 3
_LEAST_IN_BIN = 10
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Questions of about equal probability.

    Attributes:
        mass: share of all questions, 0 to 1.
        probability: their mean.
        accuracy: share of right answers.
    """

    mass: float
    probability: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Error against coverage as the threshold falls; questions of equal probability pass together.

    Attributes:
        threshold: (n_points,) falling probabilities.
        coverage: (n_points,) share of questions answered.
        risk: (n_points,) share of wrong ones among them.
    """

    threshold: Numbers
    coverage: Numbers
    risk: Numbers


def reliability_table(
    probability: Numbers, is_right: Flags, share: Numbers | None = None, n_bins: int = N_BINS
) -> list[ReliabilityBin]:
    """Return bins of about equal mass, lowest probability first; empty ones are left out."""
    counts = _counts(probability, share)
    order = np.lexsort((counts, probability))
    mass = counts[order]
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    bins = np.minimum((middle * n_bins).astype(int), n_bins - 1)
    total = np.bincount(bins, weights=mass, minlength=n_bins)
    expected = np.bincount(bins, weights=mass * probability[order], minlength=n_bins)
    even = right_within_ties(probability, is_right, share)
    right = np.bincount(bins, weights=mass * even[order], minlength=n_bins)
    return [
        ReliabilityBin(total[i] / mass.sum(), expected[i] / total[i], right[i] / total[i])
        for i in range(n_bins)
        if total[i] > 0
    ]


def right_within_ties(
    probability: Numbers, is_right: Flags, share: Numbers | None = None
) -> Numbers:
    """Return the share of right answers among the questions of each one's probability.

    Where a bin ends among equal probabilities, it so takes as many right ones as the next.
    """
    counts = _counts(probability, share)
    _, tie = np.unique(probability, return_inverse=True)
    total, right = np.bincount(tie, counts), np.bincount(tie, counts * is_right)
    return np.divide(right, total, out=np.zeros(len(total)), where=total > 0)[tie]


def expected_calibration_error(
    probability: Numbers, is_right: Flags, share: Numbers | None = None, n_bins: int = N_BINS
) -> float:
    """Return the mean gap of probability and accuracy over bins of about equal mass."""
    table = reliability_table(probability, is_right, share, n_bins)
    return float(sum(row.mass * abs(row.probability - row.accuracy) for row in table))


def calibration_bins(n_questions: int) -> int:
    """Return into how many bins so few questions are put: 15 where there are ten for each."""
    return max(_LEAST_BINS, min(N_BINS, n_questions // _LEAST_IN_BIN))


def calibration_error_by_chance(probability: Numbers, n_bins: int = N_BINS) -> float:
    """Return the mean calibration error of questions that are right exactly as often as is said.

    Args:
        probability: (n_questions,).
        n_bins: as of the error that it is compared with.
    """
    random = np.random.default_rng(0)
    draws = (random.random(len(probability)) < probability for _ in range(_DRAWS))
    errors = [expected_calibration_error(probability, draw, n_bins=n_bins) for draw in draws]
    return float(np.mean(errors))


def risk_coverage_curve(
    probability: Numbers, is_right: Flags, share: Numbers | None = None
) -> RiskCoverage:
    """Return the risk and the coverage of every threshold."""
    order = np.argsort(-probability, kind="stable")
    falling, mass = probability[order], _counts(probability, share)[order]
    answered = np.cumsum(mass)
    wrong = np.cumsum(mass * ~is_right[order])
    last = np.append(falling[1:] != falling[:-1], True)
    return RiskCoverage(
        threshold=falling[last],
        coverage=(answered / answered[-1])[last],
        risk=(wrong / answered)[last],
    )


def area_under_risk_coverage(
    probability: Numbers, is_right: Flags, share: Numbers | None = None
) -> float:
    """Return the mean risk over all coverages, 0 to 1; lower is better."""
    curve = risk_coverage_curve(probability, is_right, share)
    return float(np.diff(curve.coverage, prepend=0.0) @ curve.risk)


def coverage_at_accuracy(
    probability: Numbers, is_right: Flags, accuracy: float, share: Numbers | None = None
) -> float:
    """Return the largest coverage at which the answers given are this accurate; 0 if none.

    A probability of -inf is that of a question which no threshold lets through.
    """
    curve = risk_coverage_curve(probability, is_right, share)
    is_kept = (curve.risk <= 1 - accuracy + 1e-12) & (curve.threshold > -np.inf)
    kept = curve.coverage[is_kept]
    return float(kept.max()) if len(kept) else 0.0


def false_answer_rate(
    probability: Numbers,
    is_answerable: Flags,
    min_probability: float,
    share: Numbers | None = None,
) -> float:
    """Return the share of unanswerable questions that are answered; 0 if there are none."""
    unanswerable = _counts(probability, share) * ~is_answerable
    if not unanswerable.any():
        return 0.0
    return float(unanswerable[probability >= min_probability].sum() / unanswerable.sum())


def _counts(probability: Numbers, share: Numbers | None) -> Numbers:
    return np.ones(len(probability)) if share is None else share
