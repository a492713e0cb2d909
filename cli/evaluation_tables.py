"""Evaluations in the terminal: scores, breakdown and worst errors."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .output import note
from .terminal import has_style, safe_line

if TYPE_CHECKING:  # imported by the command when it runs
    from rich.console import Console
    from rich.text import Text

    from answerable.api import FileEvaluation, Table
    from answerable.reader import ReadingError

_MIN_COLUMNS = 100  # where nobody can make the window wider: a pipe or a file


def print_evaluations(evaluations: Sequence["FileEvaluation"], worst: int) -> None:
    """Print the scores, and what they are made of; the errors only of a single file."""
    from answerable.api import group_tables, score_table

    console = _console()
    _print_table(console, score_table(evaluations))
    for table in group_tables(evaluations):
        console.print()
        _print_table(console, table)
    if len(evaluations) == 1:
        _print_errors(console, evaluations[0].worst_errors(worst))
    elif worst:
        note("the worst errors of several files: see --json, or report.md in --output-dir")


def print_table(table: "Table") -> None:
    """Print one table."""
    _print_table(_console(), table)


def _console() -> "Console":
    # Imported here: rich costs a tenth of a second that --help does not need.
    from rich.console import Console

    is_terminal = sys.stdout.isatty()
    console = Console(
        file=sys.stdout, highlight=False, no_color=True, force_terminal=has_style(sys.stdout)
    )
    if not is_terminal:
        console.width = max(console.width, _MIN_COLUMNS)
    return console


def _print_table(console: "Console", table: "Table") -> None:
    from rich.table import Table as RichTable

    drawn = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for position, title in enumerate(table.head):
        drawn.add_column(_text(title), justify="right" if position else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(_text, row))
    console.print(drawn)


def _print_errors(console: "Console", errors: Sequence["ReadingError"]) -> None:
    from rich.padding import Padding
    from rich.table import Table as RichTable

    if errors:
        console.print("\nworst errors, the surest first", style="bold")
    for position, error in enumerate(errors, start=1):
        margin = "" if error.margin is None else f", margin {error.margin:.2f}"
        console.print(f"\n{position}. {error.kind}, F1 {error.outcome.f1:.2f}{margin}")
        drawn = RichTable(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        question = error.outcome.question
        references = " / ".join(dict.fromkeys(answer.text for answer in question.answers))
        drawn.add_row("question", _text(question.question))
        drawn.add_row("prediction", _text(error.outcome.prediction or "(no answer)"))
        drawn.add_row("references", _text(references or "(no answer)"))
        drawn.add_row("context", _context(error))
        console.print(Padding(drawn, (0, 0, 0, 4)))


def _context(error: "ReadingError") -> "Text":
    """Return the excerpt as one line, its quote standing out."""
    from rich.text import Text

    quote = safe_line(error.quote)
    marked = quote if has_style(sys.stdout) or not quote else f"**{quote}**"
    parts = (
        safe_line(error.before) + (" " if error.before[-1:].isspace() else ""),
        (marked, "bold underline"),
        (" " if error.after[:1].isspace() else "") + safe_line(error.after),
    )
    return Text.assemble(*parts)


def _text(text: str) -> "Text":
    """Return one safe line that rich takes as it is, without markup."""
    from rich.text import Text

    return Text(safe_line(text))
