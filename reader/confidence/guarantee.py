"""The dial: from an error that may be at most so large to a threshold that keeps it.

Learn then Test. For each threshold, "more than ``max_error`` of the answers that pass it are
wrong" is a hypothesis. The calibration sample rejects it if so few wrong answers would be unlikely
under it, by the exact binomial test. Thresholds are tested in a fixed order, from strict to lax,
until one is not rejected: an error is only made if the first hypothesis that is true is
rejected, so all accepted thresholds together break their promise with a probability of at most
1 - ``confidence``, and no correction is made for how many they are. The order begins where the
probabilities alone, not knowing what is right, promise most evidence.

What is promised is about questions drawn as those of the sample were. Questions about one text
are alike: where new texts are met, the error varies more than the promise says.

Source: Angelopoulos, Bates, Candès, Jordan, Lei 2021, "Learn then Test", fixed-sequence
    testing; Geifman and El-Yaniv 2017, "Selective classification for deep neural networks".
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..errors import MaxErrorUnsupported

GRID = np.round(np.arange(0.995, 0.0, -0.005), 3)
"""The thresholds tested, strict to lax; fixed, so that they do not depend on the sample."""


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
            max_error: above 0 and below 1, of the answers that are given.
            confidence: above 0 and below 1, that the limit is kept.

        Raises:
            MaxErrorUnsupported: the sample is too small, or too wrong, to promise that.
        """
        found = self.find_threshold(max_error, confidence)
        if found is None:
            raise MaxErrorUnsupported(max_error, confidence, self.smallest_error(confidence))
        return found

    def find_threshold(self, max_error: float, confidence: float = 0.9) -> Threshold | None:
        """Return the laxest threshold that keeps an error limit, None if there is none."""
        accepted = self._accepted(max_error, confidence)
        if accepted is None:
            return None
        n, n_wrong = self.answered(accepted)
        return Threshold(
            min_probability=accepted,
            max_error=max_error,
            confidence=confidence,
            observed_error=n_wrong / n,
            coverage=n / len(self.probability),
            n_answered=n,
        )

    def smallest_error(self, confidence: float = 0.9) -> float | None:
        """Return the smallest limit, in whole per cent, that the sample supports, if any."""
        for percent in range(1, 100):
            if self._accepted(percent / 100, confidence) is not None:
                return percent / 100
        return None

    def answered(self, min_probability: float) -> tuple[int, int]:
        """Return how many questions a threshold answers, and how many of them wrongly."""
        n = int(np.searchsorted(-self.probability, -min_probability, side="right"))
        return n, int((~self.is_right[:n]).sum())

    def _accepted(self, max_error: float, confidence: float) -> float | None:
        """Return the laxest threshold of ``GRID`` that is accepted."""
        accepted = None
        for min_probability in GRID[self._begin(max_error) :]:
            n, n_wrong = self.answered(float(min_probability))
            if n == 0 or binomial_cdf(n_wrong, n, max_error) > 1 - confidence:
                break
            accepted = float(min_probability)
        return accepted

    def _begin(self, max_error: float) -> int:
        """Return the place in ``GRID`` where rejecting should be easiest, labels unseen.

        Were the probabilities right, the expected gap to the limit would be largest there, in
        standard errors.
        """
        n = np.searchsorted(-self.probability, -GRID, side="right")
        expected = np.concatenate([[0.0], np.cumsum(1 - self.probability)])[n]
        evidence = (n * max_error - expected) / np.sqrt(np.maximum(n, 1))
        return int(np.argmax(np.where(n > 0, evidence, -np.inf)))


def binomial_cdf(k: int, n: int, p: float) -> float:
    """Return the probability of at most k successes in n trials of probability p."""
    if k >= n:
        return 1.0
    successes = np.arange(k + 1)
    factorials = _log_factorials(1 << n.bit_length())  # few different sizes are kept
    log_choose = factorials[n] - factorials[successes] - factorials[n - successes]
    log_terms = log_choose + successes * math.log(p) + (n - successes) * math.log1p(-p)
    top = float(log_terms.max())
    return min(1.0, math.exp(top) * float(np.exp(log_terms - top).sum()))


@lru_cache(maxsize=8)
def _log_factorials(n: int) -> npt.NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, n + 1)))])


def error_bound(n_wrong: int, n: int, confidence: float = 0.9) -> float:
    """Return what the true share of wrong answers stays below with a confidence, one-sided.

    Source: Clopper and Pearson 1934; found by halving.
    """
    low, high = 0.0, 1.0
    if n_wrong >= n:
        return 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if binomial_cdf(n_wrong, n, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high
