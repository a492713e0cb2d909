"""Whether an answer looks unlike those that the calibration was fitted on.

The distance of its features from the calibration's mean, in units of their spread and
correlations (Mahalanobis). Farther than 99 of 100 calibration questions is "shifted".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CALIBRATION_SHARE = 0.99
_LEAST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class ShiftRule:
    """The calibration's features in short.

    Attributes:
        mean: of each feature.
        precision: inverse of their covariance, rows in the order of the features.
        limit: squared distance beyond which an answer is shifted.
    """

    mean: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    limit: float

    @classmethod
    def of(cls, features: npt.NDArray[np.float64]) -> "ShiftRule":
        """Fit the rule to calibration features, (n_questions, n_features), NaN where unknown."""
        mean = np.array([_mean(column) for column in features.T])
        filled = np.where(np.isnan(features), mean, features)
        covariance = np.cov(filled, rowvar=False)
        spread = np.diag(covariance).mean()
        precision = np.linalg.inv(covariance + np.eye(len(mean)) * max(spread * 1e-3, 1e-6))
        rule = cls(tuple(mean.tolist()), tuple(map(tuple, precision.tolist())), 0.0)
        distances = [rule.squared_distance(row) for row in features]
        limit = float(np.quantile(distances, CALIBRATION_SHARE, method="higher"))
        return cls(rule.mean, rule.precision, limit)

    def squared_distance(self, features: Sequence[float] | npt.NDArray[np.float64]) -> float:
        """Return the squared distance of an answer's features; unknown ones do not count."""
        gap = np.asarray(features, dtype=np.float64) - np.asarray(self.mean)
        gap = np.where(np.isnan(gap), 0.0, gap)
        return float(gap @ np.asarray(self.precision) @ gap)

    def is_shifted(self, features: Sequence[float]) -> bool:
        """Tell whether an answer looks unlike the calibration's."""
        return self.squared_distance(features) > self.limit


def _mean(column: npt.NDArray[np.float64]) -> float:
    known = column[~np.isnan(column)]
    return float(known.mean()) if len(known) else 0.0
