"""The dial: from an error that may be at most so large to a threshold that keeps it.

Learn then Test. For each threshold, "more than ``max_error`` of the answers that pass it are
wrong" is a hypothesis. The calibration sample rejects it if so few wrong answers would be unlikely
under it, by the exact binomial test. Thresholds are tested in a fixed order, from strict to lax,
until one is not rejected: an error is only made if the first hypothesis that is true is
rejected, so all accepted thresholds together break their promise with a probability of at most
1 - ``confidence``, and no correction is made for how many they are. The order begins where the
probabilities alone, not knowing what is right, promise most evidence.

A kind of question that says much, as adversarial ones do, may be in the sample more often than
people ask it, and weigh less for it. Sums of weights are then taken for counts of as many equal
weights as have their mean and variance, one more wrong answer of the largest weight being allowed
for; equal weights make the exact test. That is no theorem: in simulations it errs on the safe side.
What one question gives when it is asked in several ways may be wrong for one reason, and has the
variance of a single answer of their weights together.

What is promised is about questions drawn as those of the sample were. Questions about one text
are alike: where new texts are met, the error varies more than the promise says.

Source: Angelopoulos, Bates, Candès, Jordan, Lei 2021, "Learn then Test", fixed-sequence
    testing; Geifman and El-Yaniv 2017, "Selective classification for deep neural networks";
    Fay and Feuer 1997, "Confidence intervals for directly standardized rates", for weights.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ..errors import MaxErrorUnsupported

Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-9
_AS_GOOD = 0.02  # share of the largest evidence that may be missing
DECIMALS = 5
"""Of a sample's probabilities, in memory as in a file: both promise the same."""

GRID = np.round(np.arange(0.995, 0.0, -0.005), 3)
"""The thresholds tested, strict to lax; fixed, so that they do not depend on the sample."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Answer from ``min_probability`` on, and what that promises.

    Attributes:
        min_probability: of an answer that is given.
        max_error: at most this share of the answers given is wrong, ...
        confidence: ... with this probability over the draw of the calibration sample.
        observed_error: share of wrong answers among those given in the calibration sample, by
            weight.
        coverage: share of its questions that are answered, by weight.
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
        probability: (n_questions,) float64, descending, of ``DECIMALS``.
        is_right: (n_questions,) bool.
        weight: (n_questions,) float64, above 0: how often such a question is asked, for each
            time that it is in the sample.
        question: (n_questions,) int, the same where one is asked in several ways.
    """

    probability: Floats
    is_right: npt.NDArray[np.bool_]
    weight: Floats
    question: npt.NDArray[np.intp]

    @classmethod
    def of(
        cls,
        probability: Floats,
        is_right: npt.NDArray[np.bool_],
        weight: Floats | None = None,
        question: npt.NDArray[np.intp] | None = None,
    ) -> "CalibrationSample":
        """Sort questions into a sample; without weights all count alike, and none is another."""
        probability = np.round(probability, DECIMALS)
        order = np.argsort(-probability, kind="stable")
        weight = np.ones(len(order)) if weight is None else weight
        question = np.arange(len(order)) if question is None else question
        return cls(probability[order], is_right[order], weight[order], question[order])

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
        passes = self.probability >= accepted
        weight = self.weight[passes]
        return Threshold(
            min_probability=accepted,
            max_error=max_error,
            confidence=confidence,
            observed_error=float(weight[~self.is_right[passes]].sum() / weight.sum()),
            coverage=float(weight.sum() / self.weight.sum()),
            n_answered=int(passes.sum()),
        )

    def smallest_error(self, confidence: float = 0.9) -> float | None:
        """Return the limit from which on every whole per cent is supported; None if 99% is not.

        A laxer limit begins to test at a laxer threshold, and may fail there where a stricter
        one did not: what is supported below the first gap is not looked for.
        """
        passing, smallest = _Passing.of(self), None
        for percent in range(99, 0, -1):
            limit = percent / 100
            if not passing.is_accepted(self._begin(limit), limit, confidence):
                break
            smallest = limit
        return smallest

    def _accepted(self, max_error: float, confidence: float) -> float | None:
        """Return the laxest threshold of ``GRID`` that is accepted.

        Of thresholds that the same questions pass, it is the strictest: of what lies below the
        least sure question nothing is known.
        """
        passing = _Passing.of(self)
        n_accepted = 0
        for place in range(self._begin(max_error), len(GRID)):
            if not passing.is_accepted(place, max_error, confidence):
                break
            n_accepted = int(passing.n[place])
        return float(GRID[np.searchsorted(passing.n, n_accepted)]) if n_accepted else None

    def n_passing(self) -> npt.NDArray[np.intp]:
        """Return how many questions pass each threshold of ``GRID``."""
        return np.searchsorted(-self.probability, -GRID, side="right")

    def _begin(self, max_error: float) -> int:
        """Return the place in ``GRID`` where rejecting should be easiest, labels unseen.

        Were the probabilities right, the expected gap to the limit would be largest there, in
        standard errors. Nearly as large is as good, and the laxest such threshold has the most
        answers: it leans least on the highest probabilities being right.
        """
        n = self.n_passing()
        expected = np.concatenate([[0.0], np.cumsum(1 - self.probability)])[n]
        evidence = (n * max_error - expected) / np.sqrt(np.maximum(n, 1))
        evidence = np.where(n > 0, evidence, -np.inf)
        most = float(evidence.max())
        return int(np.flatnonzero(evidence >= most - _AS_GOOD * abs(most))[-1])


@dataclass(frozen=True, slots=True)
class _Passing:
    """What passes each threshold of ``GRID``.

    Attributes:
        n: (n_thresholds,) questions.
        most: (n_thresholds,), the largest weight among them.
    """

    n: npt.NDArray[np.intp]
    right: "_Sums"
    wrong: "_Sums"
    most: Floats

    @classmethod
    def of(cls, sample: CalibrationSample) -> "_Passing":
        n, weight = sample.n_passing(), sample.weight
        return cls(
            n=n,
            right=_Sums.of(np.where(sample.is_right, weight, 0.0), sample.question, n),
            wrong=_Sums.of(np.where(sample.is_right, 0.0, weight), sample.question, n),
            most=np.concatenate([[0.0], np.maximum.accumulate(weight)])[n],
        )

    def is_accepted(self, place: int, max_error: float, confidence: float) -> bool:
        """Whether more than ``max_error`` wrong ones would be unlikely above a threshold."""
        if not self.n[place]:
            return False
        most = float(self.most[place])
        p_value = _p_value(self.right.at(place), self.wrong.at(place), most, max_error)
        return p_value <= 1 - confidence


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums of weights, and of the squares of each question's, that pass each threshold."""

    weight: Floats
    squared: Floats

    @classmethod
    def of(cls, weight: Floats, question: npt.NDArray[np.intp], n: npt.NDArray[np.intp]) -> "_Sums":
        squared = weight * (weight + 2 * _before(weight, question))
        first, second = (np.concatenate([[0.0], np.cumsum(w)])[n] for w in (weight, squared))
        return cls(first, second)

    def at(self, place: int) -> tuple[float, float]:
        return float(self.weight[place]), float(self.squared[place])


def _before(weight: Floats, question: npt.NDArray[np.intp]) -> Floats:
    """Return for each answer the weight of those above it that are of the same question."""
    order = np.argsort(question, kind="stable")
    passed = np.cumsum(weight[order]) - weight[order]
    _, first, size = np.unique(question[order], return_index=True, return_counts=True)
    before = np.empty(len(weight))
    before[order] = passed - np.repeat(passed[first], size)
    return before


def _p_value(
    right: tuple[float, float], wrong: tuple[float, float], most: float, max_error: float
) -> float:
    """Return how likely so few wrong answers are at most, were the true error ``max_error``.

    Args:
        right: sum of the weights of the right answers, and of their squares.
        wrong: of the wrong ones.
        most: the largest weight of any.
    """
    each_wrong = (wrong[1] + most**2) / (wrong[0] + most)
    each_right = right[1] / right[0] if right[0] else most
    n_wrong = (wrong[0] + most) / each_wrong - 1
    n_right = math.floor(right[0] / each_right + _ROUNDING)
    odds = max_error / (1 - max_error) * each_right / each_wrong
    share = odds / (1 + odds)
    whole = math.floor(n_wrong + _ROUNDING)
    part = max(0.0, n_wrong - whole)
    lower, upper = (binomial_cdf(k, k + n_right, share) for k in (whole, whole + 1))
    return (1 - part) * lower + part * upper


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
