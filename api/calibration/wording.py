"""What a calibration did to the error limits, in sentences for the terminal and the page."""

import shlex
from pathlib import Path

from .report import CalibrationReport, QuestionsNeeded


def limits_in_words(report: CalibrationReport) -> tuple[str, ...]:
    """Return which limits hold now, which did before, how to go back, and what more would take."""
    now, before, own = (
        report.smallest_error,
        report.smallest_error_before,
        report.smallest_error_own,
    )
    if now is None:
        said = "These questions support no error limit, too few answers are right"
    else:
        said = f"These questions support error limits from {now:g} on"
    said += f" (before: {_from(before)})"
    if own is not None and (now is None or own < now):
        said += f"; `{_reset(report)}` goes back to the reader's own ({_from(own)})"
    return (f"{said}.", *map(_needed_in_words, report.questions_needed))


def errors_in_words(report: CalibrationReport) -> str:
    """Return how many answers are wrong with high confidence, and how many are listed."""
    shown = len(report.errors)
    listed = f", the {shown} surest of them" if shown < report.n_errors else ", the surest first"
    return f"{report.n_errors} wrong with more than even confidence{listed}"


def _reset(report: CalibrationReport) -> str:
    command = "answerable calibrate --reset"
    return (
        f"{command} --index {shlex.quote(str(Path(report.path).parent))}"
        if report.path
        else command
    )


def _from(limit: float | None) -> str:
    return "none" if limit is None else f"from {limit:g}"


def _needed_in_words(needed: QuestionsNeeded) -> str:
    if needed.n_questions is None:
        return f"For a limit of {needed.max_error:g} the answers are too often wrong."
    return (
        f"A limit of {needed.max_error:g} would take about {needed.n_questions:,} questions, were "
        "the answers right as often."
    )
