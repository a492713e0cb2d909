"""What a calibration found out: the figures that the terminal, JSON and the page show."""

from dataclasses import dataclass
from typing import Literal

FitKind = Literal["recalibrated", "refitted"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval that holds it with 90% confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """Questions of about equal probability.

    Attributes:
        n: number of questions.
        probability: their mean probability.
        right: share of right answers, with its interval.
    """

    n: int
    probability: float
    right: Estimate


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The share of wrong answers when this share of the questions is answered."""

    coverage: float
    error: float


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """One error limit, and what keeps it.

    Attributes:
        max_error: the limit; with 90% confidence it is kept on questions like these.
        min_probability: answers from it on are given; None where the questions cannot
            support the limit.
        observed_error: share of wrong answers among those given; None if none is.
        coverage: share of questions answered.
        n_answered: their number.
    """

    max_error: float
    min_probability: float | None
    observed_error: float | None
    coverage: float
    n_answered: int


@dataclass(frozen=True, slots=True)
class ConfidentError:
    """A question whose answer is wrong although its probability is high.

    Attributes:
        expected: right answers; empty where there is none.
        given: the quote.
        sentence: around it; ``sentence[quote_start:quote_start + len(given)]`` is the quote.
        source: URI of the document.
        modified_at: of the document, ISO 8601, if known.
    """

    id: str
    question: str
    expected: tuple[str, ...]
    given: str
    probability: float
    sentence: str
    quote_start: int
    source: str
    page: int | None
    line: int | None
    modified_at: str | None


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a probability may be from the truth: 90% of refits to resampled questions."""

    probability: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """A calibration in figures: each question is seen by a fit that leaves its group out.

    ``thresholds`` and ``smallest_error`` are those of the stored model and its sample, as
    ``ask`` applies them.

    Attributes:
        name: of the calibration, as results carry it.
        file: of questions, without folders.
        kind: ``recalibrated``: intercept and slope on top of the reader's own calibration;
            ``refitted``: every coefficient anew.
        n_questions: asked.
        n_answerable: of them, that have an answer in the documents.
        n_groups: of questions that belong together.
        n_fitted: that had something to read and no conflicting answers; all that follows is
            of them.
        n_conflicts: where two documents disagreed.
        right: share of them whose best quote is right, given or not.
        calibration_error: expected calibration error over bins of equal mass.
        calibration_error_before: the same of the calibration that was there before.
        risk_coverage: area under the risk-coverage curve; lower is better.
        risk_coverage_raw: the same when answers are ordered by the reader's raw score.
        spread: of single probabilities.
        smallest_error: the least error limit that these questions support; None if none.
        reliability: bins, lowest probability first.
        curve: risk by coverage, ordered by probability.
        raw_curve: the same, ordered by the reader's raw score.
        best_curve: the same, if all right answers came first.
        thresholds: error limits and what keeps them.
        errors: confident errors, the surest first.
        path: where the calibration is stored; None if it is not.
    """

    name: str
    file: str
    kind: FitKind
    n_questions: int
    n_answerable: int
    n_groups: int
    n_fitted: int
    n_conflicts: int
    right: Estimate
    calibration_error: Estimate
    calibration_error_before: float
    risk_coverage: Estimate
    risk_coverage_raw: float
    spread: tuple[Spread, ...]
    smallest_error: float | None
    reliability: tuple[ReliabilityRow, ...]
    curve: tuple[CurvePoint, ...]
    raw_curve: tuple[CurvePoint, ...]
    best_curve: tuple[CurvePoint, ...]
    thresholds: tuple[ThresholdRow, ...]
    errors: tuple[ConfidentError, ...]
    path: str | None
