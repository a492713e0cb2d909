"""Labelled questions from CSV, as spreadsheets save it."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import DatasetInvalid
from .labelled_fields import HINT, question_of_record
from .labelled_question import LabelledQuestion

_SEPARATORS = (",", ";", "\t")  # spreadsheets use each of them somewhere
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t])"?[\s,;]*', re.IGNORECASE)
_EMPTY_CELLS = ' \t\r\n,;"'
_NEEDED = ("question", "answer")


def questions_of_csv(path: Path, text: str) -> Iterator[LabelledQuestion]:
    """Yield the questions of a CSV text in file order.

    Raises:
        DatasetInvalid: a line cannot be read as one.
    """
    number, separators = _before_header(text)
    text = "".join(text.splitlines(keepends=True)[number:])
    separator = max(separators, key=lambda one: _fitness(text, one))
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    skipped = number
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        _check_header(f"{path}, line {number + 1}", header)
        number = skipped + rows.line_num
        for row in rows:
            # A quoted cell may hold line breaks: the line named is the one that a row begins on.
            place = f"{path}, line {number + 1}"
            number = skipped + rows.line_num
            if not any(cell.strip() for cell in row):
                continue
            if any(cell.strip() for cell in row[len(header) :]):
                raise DatasetInvalid(
                    f"{place} has {len(row)} cells and the header {len(header)}: put quotes "
                    f"around a cell that holds {separator!r}"
                )
            record = dict(zip(header, row, strict=False))
            answers = record.get("answer", "").split("|")
            yield question_of_record({**record, "answer": answers}, place, place.rpartition(" ")[2])
    except csv.Error as exc:
        raise DatasetInvalid(f"{path}, line {number + 1} is not CSV ({exc}): {HINT}") from exc


def _before_header(text: str) -> tuple[int, tuple[str, ...]]:
    """Return how many lines stand before the header, and which separators it may have.

    Spreadsheets leave rows empty, and read and write a first line such as ``sep=;``.
    """
    separators: tuple[str, ...] = _SEPARATORS
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        said = _SEPARATOR_LINE.fullmatch(line)
        if said:
            separators = (said.group(1),)
        elif line.strip(_EMPTY_CELLS):
            return number, separators
    return len(lines), separators


def _fitness(text: str, separator: str) -> tuple[int, int]:
    """Return how many columns that are needed a separator finds, and how many in all."""
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        return 0, 0
    names = {name.strip().lower() for name in header}
    return len(names & set(_NEEDED)), len(header)


def _check_header(place: str, header: list[str]) -> None:
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise DatasetInvalid(f'{place}: no column "{missing[0]}" in the header: {HINT}')
    repeated = {name for name in header if name and header.count(name) > 1}
    if repeated:
        raise DatasetInvalid(f'{place}: several columns are named "{min(repeated)}"')
