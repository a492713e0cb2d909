"""The tables of an evaluation as text cells: the terminal and the report draw the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from .record import FileEvaluation

_TITLES = {
    "answer_type": "answer type",
    "question_word": "question word",
    "passage_length": "passage length",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of a row names it, and the others are figures."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def score_table(evaluations: Sequence[FileEvaluation]) -> Table:
    """Return the official keys, one a row, one column for each file."""
    facts = [
        ("answers", *(_decided_by(evaluation) for evaluation in evaluations)),
        ("questions in file", *(f"{e.questions_in_file:,}" for e in evaluations)),
    ]
    scores = [
        (name, *(_metric(name, evaluation) for evaluation in evaluations))
        for name in _all_metrics(evaluations)
    ]
    return Table(("", *(e.name for e in evaluations)), (*facts, *scores))


def group_tables(evaluations: Sequence[FileEvaluation]) -> list[Table]:
    """Return the breakdown: every score of one file, or the F1 of several side by side."""
    if len(evaluations) == 1:
        return _full_group_tables(evaluations[0])
    tables = []
    breakdowns = [evaluation.break_down() for evaluation in evaluations]
    for dimension, title in _TITLES.items():
        by_name = [{g.name: g for g in breakdown[dimension]} for breakdown in breakdowns]
        names = _in_common_order([list(groups) for groups in by_name])
        rows = [
            (
                name,
                *(
                    f"{groups[name].f1:.1f} ({groups[name].total:,})" if name in groups else ""
                    for groups in by_name
                ),
            )
            for name in names
        ]
        head = (f"F1 (questions) by {title}", *(e.name for e in evaluations))
        tables.append(Table(head, tuple(rows)))
    return tables


def _full_group_tables(evaluation: FileEvaluation) -> list[Table]:
    return [
        Table(
            (_TITLES[dimension], "questions", "exact", "f1", "answered %"),
            tuple(
                (g.name, f"{g.total:,}", f"{g.exact:.2f}", f"{g.f1:.2f}", f"{g.answered:.1f}")
                for g in groups
            ),
        )
        for dimension, groups in evaluation.break_down().items()
    ]


def _decided_by(evaluation: FileEvaluation) -> str:
    if evaluation.null_threshold is not None:
        return f"threshold {evaluation.null_threshold:.2f}"
    return "as given" if evaluation.decision == "given" else "forced"


def _metric(name: str, evaluation: FileEvaluation) -> str:
    """Return a figure with two decimals, a count with none, and nothing for what is not there."""
    value = evaluation.result.metrics.get(name)
    if value is None:
        return ""
    return f"{value:,.0f}" if name.endswith("total") else f"{value:.2f}"


def _all_metrics(evaluations: Sequence[FileEvaluation]) -> list[str]:
    return _in_common_order([list(evaluation.result.metrics) for evaluation in evaluations])


def _in_common_order(lists: Sequence[Sequence[str]]) -> list[str]:
    """Return every name once, each after those that come before it in its own list.

    All lists are parts of one order, which no list need hold whole.
    """
    merged: list[str] = []
    for names in lists:
        at = 0
        for name in names:
            if name in merged:
                at = merged.index(name) + 1
            else:
                merged.insert(at, name)
                at += 1
    return merged
