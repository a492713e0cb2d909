"""A calibration on the user's own questions: ask them, fit, store, report.

``calibrate`` is the main path. Few questions correct the level of the reader's own calibration
and keep its order; many replace its coefficients.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from answerable.index import AnswerableError
from answerable.reader import (
    CalibrationOutcome,
    ConfidenceModel,
    LabelledQuestion,
    Provenance,
    base_log_odds,
    calibration_bins,
    cross_fitted,
    cross_recalibrated,
    fit_confidence,
    read_labelled,
    recalibrate,
    without_repeats,
)

from ..engine import Engine
from ..evaluation.asking import (
    AskedQuestion,
    AskOptions,
    Progress,
    ask_all,
    check_collections,
    check_questions,
)
from ..owned_file import check_owned_file, write_owned_file
from ..owned_folder import OutputRefused, ResultUnwritten
from . import figures
from .base import Base
from .checks import check_labels, check_right, check_usable, warnings_of
from .page import calibration_page
from .ranking import Ranking
from .report import CalibrationReport, ConfidentError, FitKind

REFIT_FROM = 200
"""Questions from which every coefficient moves, drawn towards those of the reader's own."""

_REFIT_GROUPS = 5  # so that a question's figures come from a fit to other texts

_ERRORS_SHOWN = 20
_CONFIDENT = 0.5
_PAGE_MARK = b"<title>Calibration: "


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration, and what each question's probability is under a fit without it.

    Attributes:
        probability: (n_questions,) float64, cross-fitted.
        log_odds: (n_questions,), that probabilities rise with.
    """

    model: ConfidenceModel
    kind: FitKind
    probability: figures.Numbers
    log_odds: figures.Numbers


def calibrate(
    engine: Engine,
    path: Path | str,
    options: AskOptions = AskOptions(),
    *,
    page: Path | str | None = None,
    on_progress: Progress = lambda done, total: None,
) -> CalibrationReport:
    """Fit the confidence model to labelled questions and store it with the index.

    Args:
        engine: with the index that the questions are asked to.
        path: of the questions; see ``read_labelled``.
        options: what may be seen, and passages read; the limits do not count.
        page: where the report is written as HTML; None for nowhere.
        on_progress: called with questions done and in all.

    Raises:
        DatasetInvalid: the questions cannot be read, are too few, or none is answered rightly.
        CollectionInvalid: there is no such collection.
        OutputRefused: the page cannot be written, or another file is in its way.
        ResultUnwritten: in the end the calibration could not be stored, or the page not be
            written; the error says which, and ``result`` is the report.
    """
    path, page = Path(path), Path(page) if page else None
    questions, n_repeated = _questions(engine, path, options)
    if page:
        check_owned_file(page, _PAGE_MARK)
    engine.reader.check_use()
    # 1. Ask, under the reader's own calibration, whatever the index has.
    free = replace(options, min_probability=0.0, max_error=None)
    reader = engine.reader.without_calibration()
    asked = ask_all(engine, questions, free, reader=reader, on_progress=on_progress)
    # 2. Fit to the answers that could be given: of two that conflict, neither ever is.
    usable = [one for one in asked if one.features and not one.is_conflict]
    check_usable(asked, usable)
    check_right(path, usable)
    base = Base.of(engine.reader)
    fitted = fit(usable, base.model, _provenance(engine, path, len(usable)))
    # 3. Say how good it is, and store it.
    report = _report(path, asked, usable, fitted, base, n_repeated=n_repeated)
    return _stored(engine, fitted.model, report, page)


def _stored(
    engine: Engine, model: ConfidenceModel, report: CalibrationReport, page: Path | None
) -> CalibrationReport:
    """Store the calibration and write its page, each even where the other cannot be."""
    failed = []
    try:
        report = replace(report, path=str(engine.reader.use(model)))
    except AnswerableError as exc:
        failed.append(f"the calibration is not stored, and what held before does: {exc}")
    if page:
        try:
            write_owned_file(page, calibration_page(report), _PAGE_MARK)
        except OutputRefused as exc:
            stored = f"the calibration is stored in {report.path}, but its report is not"
            failed.append(f"{stored if report.path else 'nor is its report written'}: {exc}")
    if failed:
        raise ResultUnwritten("; ".join(failed), report)
    return report


def _questions(
    engine: Engine, path: Path, options: AskOptions
) -> tuple[list[LabelledQuestion], int]:
    """Return the questions that can be asked, each once, and how many repeat another."""
    given = read_labelled(path)
    questions = without_repeats(given)
    n_repeated = len(given) - len(questions)
    check_labels(path, questions, n_repeated)
    check_questions(questions, engine.settings.max_question_chars)
    check_collections(engine, options.filters)
    return questions, n_repeated


def fit(asked: Sequence[AskedQuestion], base: ConfidenceModel, provenance: Provenance) -> Fitted:
    """Fit as much as so many questions can bear.

    Args:
        asked: each with features.
        base: the reader's own calibration.
        provenance: what is fitted on, and for whom.
    """
    outcomes = [_outcome(one) for one in asked]
    n_groups = len({outcome.group for outcome in outcomes})
    if n_groups >= _REFIT_GROUPS and len(outcomes) >= REFIT_FROM:
        probability = cross_fitted(outcomes, base=base)
        bounded = np.clip(probability, 1e-9, 1 - 1e-9)
        model = fit_confidence(outcomes, provenance=provenance, base=base)
        return Fitted(model, "refitted", probability, np.log(bounded / (1 - bounded)))
    return Fitted(
        model=recalibrate(base, outcomes, provenance=provenance),
        kind="recalibrated",
        probability=cross_recalibrated(base, outcomes),
        log_odds=base_log_odds(base, outcomes),
    )


def _outcome(one: AskedQuestion) -> CalibrationOutcome:
    return CalibrationOutcome(
        group=one.question.group,
        features=one.features,
        is_right=one.is_right,
        is_answerable=one.question.is_answerable,
    )


def _provenance(engine: Engine, path: Path, n_questions: int) -> Provenance:
    target = engine.reader.target()
    return Provenance(
        fitted_on=path.name,
        n_questions=n_questions,
        date=datetime.now(UTC).date().isoformat(),
        reader_sha256=target.reader_sha256,
        encoder_sha256=target.encoder_sha256,
        splitter_version=target.splitter_version,
    )


def _report(
    path: Path,
    asked: Sequence[AskedQuestion],
    usable: Sequence[AskedQuestion],
    fitted: Fitted,
    base: Base,
    *,
    n_repeated: int,
) -> CalibrationReport:
    probability = fitted.probability
    is_right = np.array([one.is_right for one in usable])
    own = np.array([base.model.probability(one.features) for one in usable])
    samples = figures.resampled([one.question.group for one in usable])
    ranking = Ranking.of(asked, usable)
    ranked = ranking.over_all(probability)
    raw = ranking.over_all(np.array([one.best.score if one.best else 0.0 for one in usable]))
    errors = _confident_errors(usable, probability)
    n_answerable = sum(one.question.is_answerable for one in asked)
    return CalibrationReport(
        name=fitted.model.name or path.name,
        file=path.name,
        kind=fitted.kind,
        n_questions=len(asked),
        n_repeated=n_repeated,
        n_answerable=n_answerable,
        n_unknown=sum(not one.question.is_known for one in asked),
        n_groups=len({one.question.group for one in asked}),
        n_fitted=len(usable),
        n_conflicts=sum(one.is_conflict for one in asked),
        right=figures.share_estimate(sum(one.is_right for one in asked), len(asked)),
        calibration_error=figures.estimate(
            figures.calibration_error, probability, is_right, samples
        ),
        calibration_error_own=figures.calibration_error(own, is_right),
        calibration_error_by_chance=figures.chance_error(probability),
        calibration_bins=calibration_bins(len(usable)),
        risk_coverage=figures.estimate(figures.area, ranked, ranking.is_right, ranking.samples),
        risk_coverage_raw=figures.area(raw, ranking.is_right),
        spread=figures.spread(fitted.log_odds, is_right, samples),
        smallest_error=figures.smallest_error(fitted.model),
        smallest_error_before=base.smallest_before,
        smallest_error_own=base.smallest_own,
        questions_needed=figures.questions_needed(fitted.model, len(asked)),
        reliability=figures.reliability(probability, is_right),
        curve=figures.curve(ranked, ranking.is_right),
        raw_curve=figures.curve(raw, ranking.is_right),
        best_curve=figures.curve(ranking.best(), ranking.is_right),
        thresholds=figures.thresholds(fitted.model, len(asked)),
        n_errors=len(errors),
        errors=errors[:_ERRORS_SHOWN],
        warnings=warnings_of(asked),
        path=None,
    )


def _confident_errors(
    asked: Sequence[AskedQuestion], probability: figures.Numbers
) -> tuple[ConfidentError, ...]:
    """Return the wrong answers that were thought likelier right than wrong, surest first."""
    wrong = [
        (float(sure), one)
        for sure, one in zip(probability, asked, strict=True)
        if sure >= _CONFIDENT and not one.is_right
    ]
    wrong.sort(key=lambda pair: -pair[0])
    return tuple(_confident_error(sure, one) for sure, one in wrong)


def _confident_error(sure: float, one: AskedQuestion) -> ConfidentError:
    best = one.best
    assert best is not None
    return ConfidentError(
        id=one.question.id,
        question=one.question.question,
        expected=one.question.answers,
        given=best.text,
        probability=sure,
        sentence=best.sentence,
        quote_start=best.start - best.sentence_start,
        source=best.document.uri,
        page=best.page,
        line=best.line,
        modified_at=best.document.modified_at,
        is_known=one.question.is_known,
    )
