"""From labelled questions under a fit to figures with their uncertainty.

Everything is computed from cross-fitted probabilities: each question's comes from a fit that
did not see it, nor any question of its group. Shares are of all questions asked.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from answerable.reader import (
    CalibrationSample,
    ConfidenceModel,
    MaxErrorUnsupported,
    area_under_risk_coverage,
    calibration_bins,
    calibration_error_by_chance,
    expected_calibration_error,
    fit_level,
    probability_at,
    right_within_ties,
    risk_coverage_curve,
)

from .report import (
    CurvePoint,
    Estimate,
    QuestionsNeeded,
    ReliabilityRow,
    Spread,
    ThresholdRow,
)

MAX_ERRORS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
CONFIDENCE = 0.9
_Z = 1.6448536  # of the normal distribution: 90% lie within
_RESAMPLES = 500
_SPREAD_AT = (0.25, 0.5, 0.75)
_MAX_CURVE_POINTS = 400
_WANTED = (0.1, 0.2)  # limits that people ask for
_GROWTH = 1.15
_MOST_NEEDED = 10_000  # questions that nobody will label

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Figure = Callable[[Numbers, Flags], float]


def share_estimate(n: float, total: int) -> Estimate:
    """Return a share with its 90% interval.

    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if total == 0:
        return Estimate(0.0, 0.0, 1.0)
    share = n / total
    middle = (share + _Z**2 / (2 * total)) / (1 + _Z**2 / total)
    half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    half /= 1 + _Z**2 / total
    return Estimate(share, max(0.0, middle - half), min(1.0, middle + half))


def reliability(probability: Numbers, is_right: Flags) -> tuple[ReliabilityRow, ...]:
    """Return bins of equal mass, lowest probability first; equal ones are right alike."""
    order = np.argsort(probability, kind="stable")
    even = right_within_ties(probability, is_right)
    return tuple(
        ReliabilityRow(
            n=len(rows),
            probability=float(probability[rows].mean()),
            right=share_estimate(float(even[rows].sum()), len(rows)),
        )
        for rows in np.array_split(order, min(len(order), calibration_bins(len(order))))
    )


def calibration_error(probability: Numbers, is_right: Flags) -> float:
    """Return the expected calibration error over bins of equal mass."""
    return expected_calibration_error(
        probability, is_right, n_bins=calibration_bins(len(probability))
    )


def chance_error(probability: Numbers) -> float:
    """Return what the calibration error would be on average if every probability were true."""
    return calibration_error_by_chance(probability, calibration_bins(len(probability)))


def resampled(groups: Sequence[str]) -> list[Rows]:
    """Return question numbers of bootstrap samples: whole groups, drawn with replacement."""
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    texts = [np.array(rows, dtype=np.intp) for rows in members.values()]
    if len(texts) < 2:  # one text: its questions are all there is to draw from
        texts = [np.array([row], dtype=np.intp) for row in range(len(groups))]
    random = np.random.default_rng(0)
    return [
        np.concatenate([texts[i] for i in random.integers(len(texts), size=len(texts))])
        for _ in range(_RESAMPLES)
    ]


def estimate(
    figure: Figure, probability: Numbers, is_right: Flags, samples: Sequence[Rows]
) -> Estimate:
    """Return a figure with its 90% interval.

    The interval is that of the figures of resampled questions, widened to hold the figure:
    resampling raises a calibration error.
    """
    value = figure(probability, is_right)
    drawn = [figure(probability[rows], is_right[rows]) for rows in samples]
    low, high = np.quantile(drawn, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return Estimate(value, min(value, float(low)), max(value, float(high)))


def spread(log_odds: Numbers, is_right: Flags, samples: Sequence[Rows]) -> tuple[Spread, ...]:
    """Return how far probabilities move when the questions are drawn again.

    Args:
        log_odds: (n_questions,) that intercept and slope are fitted on.
        is_right: (n_questions,).
        samples: from ``resampled``.
    """
    intercept, slope = fit_level(log_odds, is_right)
    at = np.array([(math.log(p / (1 - p)) - intercept) / slope for p in _SPREAD_AT])
    refits = np.array(
        [probability_at(at, *fit_level(log_odds[rows], is_right[rows])) for rows in samples]
    )
    low, high = np.quantile(refits, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2), axis=0)
    return tuple(
        Spread(at_p, min(at_p, float(least)), max(at_p, float(most)))
        for at_p, least, most in zip(_SPREAD_AT, low, high, strict=True)
    )


def curve(scores: Numbers, is_right: Flags) -> tuple[CurvePoint, ...]:
    """Return the risk-coverage curve of any score, higher for surer; at most 400 points."""
    found = risk_coverage_curve(scores, is_right)
    every = max(1, math.ceil(len(found.coverage) / _MAX_CURVE_POINTS))
    points = [
        CurvePoint(float(coverage), float(risk))
        for coverage, risk in zip(found.coverage, found.risk, strict=True)
    ]
    return tuple(points[::-every][::-1])  # from the end: all questions answered is a point


def area(scores: Numbers, is_right: Flags) -> float:
    """Return the area under the risk-coverage curve."""
    return area_under_risk_coverage(scores, is_right)


def thresholds(model: ConfidenceModel, n_asked: int) -> tuple[ThresholdRow, ...]:
    """Return what keeps each of some error limits, and the smallest that is supported.

    Args:
        model: a calibration.
        n_asked: all questions, of which shares are told.
    """
    smallest = smallest_error(model)
    limits = {*MAX_ERRORS} if smallest is None else {*MAX_ERRORS, smallest}
    return tuple(_threshold(model, limit, n_asked) for limit in sorted(limits))


def smallest_error(model: ConfidenceModel) -> float | None:
    """Return from which error limit on a calibration supports every whole per cent."""
    return model.sample.smallest_error(CONFIDENCE) if model.sample else None


def questions_needed(model: ConfidenceModel, n_asked: int) -> tuple[QuestionsNeeded, ...]:
    """Return about how many questions the usual limits would take that are not supported.

    Args:
        model: a calibration.
        n_asked: questions that it comes from.
    """
    sample = model.sample
    if sample is None:
        return ()
    return tuple(
        QuestionsNeeded(limit, _enough(sample, n_asked, limit))
        for limit in _WANTED
        if sample.find_threshold(limit, CONFIDENCE) is None
    )


def _enough(sample: CalibrationSample, n_asked: int, max_error: float) -> int | None:
    """Return how many questions, right and wrong as often as these, would support a limit."""
    n, growth = len(sample.probability), _GROWTH
    while n * growth <= _MOST_NEEDED:
        rows = (np.arange(int(n * growth)) / growth).astype(int)
        grown = CalibrationSample.of(sample.probability[rows], sample.is_right[rows])
        if grown.find_threshold(max_error, CONFIDENCE):
            return _about(n_asked * growth)
        growth *= _GROWTH
    return None


def _about(n: float) -> int:
    """Round up to two digits: more would say more than is known."""
    unit = int(10 ** max(0, math.floor(math.log10(n)) - 1))
    return math.ceil(n / unit) * unit


def _threshold(model: ConfidenceModel, max_error: float, n_asked: int) -> ThresholdRow:
    try:
        found = model.threshold_for(max_error, CONFIDENCE)
    except MaxErrorUnsupported:
        return ThresholdRow(max_error, None, None, 0.0, 0)
    return ThresholdRow(
        max_error=max_error,
        min_probability=found.min_probability,
        observed_error=found.observed_error,
        coverage=found.n_answered / n_asked,
        n_answered=found.n_answered,
    )
