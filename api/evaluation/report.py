"""The evaluation as a page to read: Markdown with tables, and the worst errors in full."""

import re
from collections.abc import Sequence

from answerable.reader import ReadingError

from .record import FileEvaluation, references
from .tables import Table, group_tables, score_table

# An underscore inside a word is not markup, and metrics are full of them.
_SPECIAL = re.compile(r"[\\`*{}\[\]<>#|~&]|(?<![^\W_])_|_(?![^\W_])")


def markdown_report(evaluations: Sequence[FileEvaluation], worst: int) -> str:
    """Return the report on one file or several.

    Args:
        evaluations: at least one.
        worst: errors listed of each.
    """
    systems = dict.fromkeys(evaluation.system for evaluation in evaluations)
    parts = [
        "# Evaluation on labelled questions",
        f"System: {_plain(', '.join(systems))}",
        *map(_markdown, [score_table(evaluations), *group_tables(evaluations)]),
    ]
    for evaluation in evaluations:
        parts += _errors(evaluation, worst)
    return "\n\n".join(parts) + "\n"


def _markdown(table: Table) -> str:
    rule = ("---", *["---:"] * (len(table.head) - 1))
    rows = [[_plain(cell) for cell in row] for row in (table.head, *table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def _errors(evaluation: FileEvaluation, worst: int) -> list[str]:
    errors = evaluation.worst_errors(worst)
    if not errors:
        return []
    items = [_error(position, error) for position, error in enumerate(errors, start=1)]
    return [f"## Worst errors on {_plain(evaluation.name)}, the surest first", *items]


def _error(position: int, error: ReadingError) -> str:
    outcome = error.outcome
    answers = " / ".join(_plain(text) for text in references(outcome))
    lines = {
        "question": _plain(outcome.question.question),
        "prediction": _plain(outcome.prediction) or "(no answer)",
        "references": answers or "(no answer)",
        "context": _marked_context(error),
    }
    margin = "" if error.margin is None else f", margin {error.margin:.2f}"
    head = f"{position}. {error.kind}, F1 {outcome.f1:.2f}{margin} ({_plain(outcome.question.id)})"
    return "\n".join([head, *(f"    - {name}: {text}" for name, text in lines.items())])


def _marked_context(error: ReadingError) -> str:
    """Return the excerpt as one line with the quote in bold."""
    quote = f"**{_plain(error.quote)}**" if error.quote.strip() else ""
    space_before = " " if error.before[-1:].isspace() else ""
    space_after = " " if error.after[:1].isspace() else ""
    return f"{_plain(error.before)}{space_before}{quote}{space_after}{_plain(error.after)}"


def _plain(text: str) -> str:
    """Return text as one line in which nothing is markup, and nothing controls a terminal."""
    line = _SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
