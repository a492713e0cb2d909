"""The dial: from an error that may be at most so large to a threshold that keeps it.

Learn then Test. For a threshold, "more than ``max_error`` of the answers that pass are wrong"
is a hypothesis; the calibration sample rejects it when so few wrong answers would be unlikely
under it, by the exact binomial test. Thresholds are tested from strict to lax in an order that
was fixed before looking at what is right, until one is not rejected: so the chance that any
accepted threshold breaks its promise is at most 1 - ``confidence``, with no correction for
the number of thresholds.

Source: Angelopoulos, Bates, Candès, Jordan, Lei 2021, "Learn then Test", fixed-sequence
    testing; Geifman and El-Yaniv 2017, "Selective classification for deep neural networks".
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import MaxErrorUnsupported


@dataclass(frozen=True, slots=True)
class Threshold:
    """Answer from ``min_probability`` on, and what that promises.

    Attributes:
        min_probability: of an answer that is given.
        max_error: at most this share of the answers given is wrong, ...
        confidence: ... with this probability over the draw of the calibration sample.
        observed_error: share of wrong answers among those given in the calibration sample.
        coverage: share of its questions that are answered.
        n_answered: number of them.
    """

    min_probability: float
    max_error: float
    confidence: float
    observed_error: float
    coverage: float
    n_answered: int


@dataclass(frozen=True, slots=True)
class CalibrationSample:
    """Labelled questions under a model: highest probability first.

    Attributes:
        probability: (n_questions,) float64, descending.
        is_right: (n_questions,) bool.
    """

    probability: npt.NDArray[np.float64]
    is_right: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls, probability: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_]
    ) -> "CalibrationSample":
        """Sort questions into a sample."""
        order = np.argsort(-probability, kind="stable")
        return cls(probability[order], is_right[order])

    def threshold_for(self, max_error: float, confidence: float = 0.9) -> Threshold:
        """Return the laxest threshold that keeps an error limit.

        Args:
            max_error: between 0 and 1, of the answers that are given.
            confidence: between 0 and 1, that the limit is kept.

        Raises:
            MaxErrorUnsupported: the sample is too small or too wrong to promise that.
        """
        accepted = self._accepted(max_error, confidence)
        if accepted is None:
            raise MaxErrorUnsupported(max_error, confidence, self.smallest_error(confidence))
        n_wrong = int((~self.is_right[:accepted]).sum())
        return Threshold(
            min_probability=float(self.probability[accepted - 1]),
            max_error=max_error,
            confidence=confidence,
            observed_error=n_wrong / accepted,
            coverage=accepted / len(self.probability),
            n_answered=accepted,
        )

    def smallest_error(self, confidence: float = 0.9) -> float | None:
        """Return the smallest error in whole per cent that the sample supports, if any."""
        for percent in range(1, 100):
            if self._accepted(percent / 100, confidence) is not None:
                return percent / 100
        return None

    def _accepted(self, max_error: float, confidence: float) -> int | None:
        """Return how many questions the laxest accepted threshold answers."""
        # Fewer could not support the limit even if all were right.
        least = math.ceil(math.log(1 - confidence) / math.log(1 - max_error))
        wrong = np.cumsum(~self.is_right)
        accepted = None
        for n in range(least, len(wrong) + 1):
            if n < len(wrong) and self.probability[n] == self.probability[n - 1]:
                continue
            if binomial_cdf(int(wrong[n - 1]), n, max_error) > 1 - confidence:
                break
            accepted = n
        return accepted


def binomial_cdf(k: int, n: int, p: float) -> float:
    """Return the probability of at most k successes in n trials of probability p."""
    if k >= n:
        return 1.0
    successes = np.arange(k + 1)
    log_choose = np.array(
        [math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in successes]
    )
    log_terms = log_choose + successes * math.log(p) + (n - successes) * math.log1p(-p)
    top = float(log_terms.max())
    return min(1.0, math.exp(top) * float(np.exp(log_terms - top).sum()))
