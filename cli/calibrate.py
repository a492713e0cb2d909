"""``answerable calibrate``: probabilities and error limits fitted to one's own questions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import note, path_of, print_json
from .progress import progress_bar
from .terminal import safe, safe_line

if TYPE_CHECKING:  # imported by the command when it runs
    from answerable.api import CalibrationReport, Estimate, Settings

_FEW = 200  # questions up to which the width of the uncertainty is the first thing to know


def calibrate(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Labelled questions: CSV or JSON lines with question and answer, or SQuAD JSON.",
        ),
    ] = None,
    index: options.Index = None,
    reader: options.Reader = None,
    encoder: options.Encoder = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE.html", help="Write the report as one HTML page, too."
        ),
    ] = None,
    k: options.K = None,
    principals: options.As = None,
    collection: options.Collection = None,
    reset: Annotated[
        bool,
        typer.Option("--reset", help="Remove the index's calibration; the reader's own holds."),
    ] = False,
    template: Annotated[
        bool,
        typer.Option("--template", help="Print an example of FILE, as CSV or, with --json, lines."),
    ] = False,
    json: options.Json = False,
) -> int:
    """Fit probabilities to labelled questions about the index; 50 are enough to start.

    Asks each question, and stores the calibration with the index: from then on it gives the
    probabilities, and `ask --max-error 0.1` holds on questions like these.
    """
    if sum((file is not None, reset, template)) != 1:
        raise typer.BadParameter("give one of FILE, --reset and --template")
    from answerable.api import Engine, load_settings

    settings = load_settings(reader=reader, encoder=encoder)
    if template:
        _print_template(json)
    elif reset:
        with Engine.open(index, settings) as engine:
            removed = engine.reader.use(None)
        if json:
            print_json({"removed": str(removed) if removed else None})
        else:
            print(f"removed {_shown(removed)}" if removed else "there was no calibration")
    elif file is not None:
        _calibrate(file, index, settings, report, k, principals, collection, json)
    return DONE


def _print_template(json: bool) -> None:
    from answerable.api import QUESTIONS_TEMPLATE, QUESTIONS_TEMPLATE_LINES

    print(safe(QUESTIONS_TEMPLATE_LINES if json else QUESTIONS_TEMPLATE), end="")


def _calibrate(
    file: Path,
    index: Path | None,
    settings: "Settings",
    page: Path | None,
    k: int | None,
    principals: list[str] | None,
    collection: str | None,
    json: bool,
) -> None:
    from answerable.api import AskOptions, Engine, ResultUnwritten, calibrate, checked_filters

    asking = AskOptions(checked_filters(None, collection, principals), k)
    try:
        with Engine.open(index, settings) as engine, progress_bar() as show:
            found = calibrate(
                engine,
                file,
                asking,
                page=page,
                on_progress=lambda done, total: show(done, total, "questions asked"),
            )
    except ResultUnwritten as exc:
        _print_report(exc.result, json)
        raise
    _print_report(found, json)
    if page:
        note(f"report: {page}")


def _print_report(report: "CalibrationReport", json: bool) -> None:
    from answerable.api import to_json

    if json:
        print_json(to_json(report))
        return
    unanswerable = report.n_questions - report.n_answerable - report.n_unknown
    unknown = f", {report.n_unknown:,} without a known one" if report.n_unknown else ""
    facts = {
        "calibration": report.name,
        "questions": f"{report.n_questions:,} asked, {unanswerable:,} without an answer{unknown}; "
        f"{report.n_fitted:,} used, {report.n_conflicts:,} with conflicting answers"
        + (f"; {report.n_repeated:,} repeated ones left out" if report.n_repeated else ""),
        "fitted": {
            "recalibrated": "level and slope of the reader's own probabilities",
            "refitted": "every coefficient",
        }[report.kind],
        "best quote right": _percent(report.right),
        "calibration error": f"{_figure(report.calibration_error)} in "
        f"{report.calibration_bins} bins; {report.calibration_error_own:.3f} with the reader's "
        f"own, {report.calibration_error_by_chance:.3f} by chance alone",
        "risk-coverage": f"{report.risk_coverage.value:.1%} ({report.risk_coverage.low:.1%} to "
        f"{report.risk_coverage.high:.1%}), {report.risk_coverage_raw:.1%} by the raw score",
        "stored": _shown(report.path) or "nowhere",
    }
    for name, value in facts.items():
        print(f"{name:<19} {safe_line(value)}")
    _print_thresholds(report)
    _print_errors(report)
    for warning in report.warnings:
        note(f"warning: {warning}")
    if report.n_fitted <= _FEW:
        ranges = ", ".join(
            f"{s.probability:.0%} may be {s.low:.0%} to {s.high:.0%}" for s in report.spread
        )
        note(
            f"warning: {report.n_fitted} questions leave room: a probability of {ranges}. "
            "More questions narrow it."
        )


def _print_thresholds(report: "CalibrationReport") -> None:
    from answerable.api import limits_in_words

    print("\n--max-error  answers from  wrong among answered  questions answered")
    for row in report.thresholds:
        if row.min_probability is None:
            print(f"{row.max_error:>11.2f}  not supported")
            continue
        observed = "" if row.observed_error is None else f"{row.observed_error:.1%}"
        print(
            f"{row.max_error:>11.2f}  {row.min_probability:>12.1%}  {observed:>20}  "
            f"{row.coverage:>18.0%}"
        )
    for sentence in limits_in_words(report):
        print(sentence)


def _print_errors(report: "CalibrationReport") -> None:
    from answerable.api import errors_in_words

    if report.errors:
        print(f"\n{errors_in_words(report)}; with quotes and sources in --report and --json")
    for error in report.errors[:5]:
        print(
            f"  {error.probability:>4.0%}  {safe_line(error.question)}\n"
            f"        {safe_line(error.given)}; expected: {safe_line(error.expectation)}"
        )


def _shown(path: Path | str | None) -> str:
    return path_of(Path(path).absolute().as_uri()) if path else ""


def _percent(estimate: "Estimate") -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"


def _figure(estimate: "Estimate") -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"
