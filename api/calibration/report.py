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
        coverage: share of the questions asked that are answered.
        n_answered: their number.
    """

    max_error: float
    min_probability: float | None
    observed_error: float | None
    coverage: float
    n_answered: int


@dataclass(frozen=True, slots=True)
class QuestionsNeeded:
    """About how many questions an error limit would take, were as many of them right.

    Attributes:
        max_error: a limit that is not supported.
        n_questions: None where the answers are too often wrong for it.
    """

    max_error: float
    n_questions: int | None


@dataclass(frozen=True, slots=True)
class ConfidentError:
    """A question whose answer is wrong although its probability is high.

    Attributes:
        expected: right answers; empty where there is none, or none is known.
        is_known: whether the file says what is right, not only what is wrong.
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
    is_known: bool = True

    @property
    def expectation(self) -> str:
        """What was expected, in words."""
        if not self.is_known:
            return "something else, not known what"
        return " / ".join(self.expected) or "no answer"


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
    ``ask`` applies them. Shares are of the questions asked; what could not be answered counts
    as wrong, and comes last in a ranking.

    Attributes:
        name: of the calibration, as results carry it.
        file: of questions, without folders.
        kind: ``recalibrated``: intercept and slope on top of the reader's own calibration;
            ``refitted``: every coefficient anew.
        n_questions: asked, each once.
        n_repeated: left out, because the same question is there already; their answers count.
        n_answerable: of them, that have an answer in the documents.
        n_unknown: of which only a wrong answer is known, or that there is one: whatever is found
            counts as wrong.
        n_groups: of questions that belong together.
        n_fitted: that had something to read and no conflicting answers.
        n_conflicts: where two documents disagreed.
        right: share whose best quote is right, given or not.
        calibration_error: expected calibration error of those fitted, over bins of equal mass.
        calibration_error_own: the same under the reader's own calibration.
        calibration_error_by_chance: what it would be on average if every probability were true.
        calibration_bins: how many bins.
        risk_coverage: area under the risk-coverage curve, 0 to 1; lower is better.
        risk_coverage_raw: the same when answers are ordered by the reader's raw score.
        spread: of single probabilities.
        smallest_error: the error limit from which on these questions support every whole per
            cent; None if none.
        smallest_error_before: that of the calibration that held until now.
        smallest_error_own: that of the reader's own.
        questions_needed: for the usual limits that are not supported.
        reliability: bins of those fitted, lowest probability first.
        curve: risk by coverage, ordered by probability.
        raw_curve: the same, ordered by the reader's raw score.
        best_curve: the same, if all right answers came first.
        thresholds: error limits and what keeps them.
        n_errors: confident errors.
        errors: the first 20 of them, the surest first.
        warnings: what the figures do not show, for people.
        path: where the calibration is stored; None if it is not.
    """

    name: str
    file: str
    kind: FitKind
    n_questions: int
    n_repeated: int
    n_answerable: int
    n_unknown: int
    n_groups: int
    n_fitted: int
    n_conflicts: int
    right: Estimate
    calibration_error: Estimate
    calibration_error_own: float
    calibration_error_by_chance: float
    calibration_bins: int
    risk_coverage: Estimate
    risk_coverage_raw: float
    spread: tuple[Spread, ...]
    smallest_error: float | None
    smallest_error_before: float | None
    smallest_error_own: float | None
    questions_needed: tuple[QuestionsNeeded, ...]
    reliability: tuple[ReliabilityRow, ...]
    curve: tuple[CurvePoint, ...]
    raw_curve: tuple[CurvePoint, ...]
    best_curve: tuple[CurvePoint, ...]
    thresholds: tuple[ThresholdRow, ...]
    n_errors: int
    errors: tuple[ConfidentError, ...]
    warnings: tuple[str, ...]
    path: str | None
