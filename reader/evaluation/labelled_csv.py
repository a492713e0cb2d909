"""Labelled questions from CSV, as spreadsheets save it."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from ..errors import DatasetInvalid
from .labelled_fields import HINT, question_of_record
from .labelled_question import LabelledQuestion

_SEPARATORS = (",", ";", "\t")  # spreadsheets use each of them somewhere


def questions_of_csv(path: Path, text: str) -> Iterator[LabelledQuestion]:
    """Yield the questions of a CSV text in file order.

    Raises:
        DatasetInvalid: a line cannot be read as one.
    """
    header_line = text.partition("\n")[0].lower()
    separator = max(_SEPARATORS, key=header_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        _check_header(path, header)
        number = rows.line_num
        for row in rows:
            # A quoted cell may hold line breaks: the line named is the one that a row begins on.
            place = f"{path}, line {number + 1}"
            number = rows.line_num
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(header):
                raise DatasetInvalid(
                    f"{place} has {len(row)} cells and the header {len(header)}: put quotes "
                    f"around a cell that holds {separator!r}"
                )
            record = dict(zip(header, row, strict=False))
            answers = record.get("answer", "").split("|")
            yield question_of_record({**record, "answer": answers}, place, place.rpartition(" ")[2])
    except csv.Error as exc:
        raise DatasetInvalid(f"{path}, line {number + 1} is not CSV ({exc}): {HINT}") from exc


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in ("question", "answer") if name not in header]
    if missing:
        raise DatasetInvalid(f'{path}, line 1: no column "{missing[0]}" in the header: {HINT}')
    repeated = {name for name in header if name and header.count(name) > 1}
    if repeated:
        raise DatasetInvalid(f'{path}, line 1: several columns are named "{min(repeated)}"')
