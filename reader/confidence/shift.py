"""Whether an answer looks unlike those that the calibration was fitted on.

The measure is the distance of its features from the calibration's mean, in units of their spread
and correlations (Mahalanobis). Farther than 99 of 100 calibration questions is "shifted". One
question in a hundred of the calibration's own kind is, too: for many questions, ``batch_p_value``
says whether that is chance, in benchmarks; answers are flagged one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .guarantee import binomial_cdf

CALIBRATION_SHARE = 0.99
_LEAST_SPREAD = 1e-6
_RIDGE = 0.05  # added to the correlations, so that nearly equal features do not count twice
_FARTHEST = 6.0  # spreads: what a single feature counts at most


@dataclass(frozen=True, slots=True)
class ShiftRule:
    """The calibration's features in short.

    Attributes:
        mean: of each feature.
        spread: of each, one standard deviation.
        precision: inverse of their correlations, rows in the order of the features.
        limit: squared distance beyond which an answer is shifted.
    """

    mean: tuple[float, ...]
    spread: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    limit: float

    @classmethod
    def of(cls, features: npt.NDArray[np.float64]) -> "ShiftRule":
        """Fit the rule to calibration features, (n_questions, n_features), NaN where unknown."""
        mean, spread = mean_and_spread(features)
        scaled = np.nan_to_num((features - mean) / spread, nan=0.0)
        correlations = scaled.T @ scaled / len(scaled) + _RIDGE * np.eye(features.shape[1])
        # What is the same in all questions, as the number of passages read, has shown no spread:
        # it may differ by the spread of 1 that it is given, not by next to nothing.
        never_moved = np.abs(scaled).max(axis=0, initial=0.0) < _LEAST_SPREAD
        correlations[never_moved, never_moved] = 1 + _RIDGE
        precision = np.linalg.inv(correlations)
        rule = cls(_tuple(mean), _tuple(spread), tuple(map(_tuple, precision)), 0.0)
        distances = rule.squared_distances(features)
        limit = float(np.quantile(distances, CALIBRATION_SHARE, method="higher"))
        return cls(rule.mean, rule.spread, rule.precision, limit)

    def squared_distances(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the squared distance of each row of features; unknown ones do not count."""
        scaled = (features - np.asarray(self.mean)) / np.asarray(self.spread)
        scaled = np.clip(np.nan_to_num(scaled, nan=0.0), -_FARTHEST, _FARTHEST)
        distances: npt.NDArray[np.float64] = np.einsum(
            "ij,jk,ik->i", scaled, np.asarray(self.precision), scaled
        )
        return distances

    def is_shifted(self, features: Sequence[float]) -> bool:
        """Tell whether an answer looks unlike the calibration's."""
        row = np.asarray(features, dtype=np.float64)[None]
        return bool(self.squared_distances(row)[0] > self.limit)


def batch_p_value(n_shifted: int, n: int) -> float:
    """Return how likely so many shifted ones of n are, were all like the calibration's."""
    return 1.0 - binomial_cdf(n_shifted - 1, n, 1 - CALIBRATION_SHARE) if n_shifted else 1.0


def mean_and_spread(
    features: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return mean and standard deviation of each column, NaN left out; 0 and 1 if all is NaN."""
    known = ~np.isnan(features)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, features, 0.0).sum(axis=0) / n
    spread = np.sqrt(np.where(known, (features - mean) ** 2, 0.0).sum(axis=0) / n)
    return mean, np.where(spread > _LEAST_SPREAD, spread, 1.0)


def _tuple(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values)
