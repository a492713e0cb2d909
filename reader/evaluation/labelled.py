"""Labelled questions of users: SQuAD JSON, JSON lines, or CSV, told apart by what is in them.

For questions asked to a whole index: what counts is the answer's text, not where it stands.
``read_labelled`` is the entry; every error names the file and the line.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from ..errors import DatasetInvalid
from .json_files import read_bytes
from .labelled_csv import questions_of_csv
from .labelled_fields import HINT, question_of_record
from .labelled_question import LabelledQuestion
from .labelled_squad import questions_of_squad
from .repeats import check_consistent

_EXAMPLES = (
    ("How many days of leave do I have?", ("28 days",), "leave.md"),
    ("Who approves travel?", ("the head of department", "department head"), "travel.html"),
    ("What is the company's tax number?", (), None),
)
TEMPLATE = "question,answer,document\n" + "".join(
    f"{question},{'|'.join(answers) or 'no answer'},{document or ''}\n"
    for question, answers, document in _EXAMPLES
)
"""A CSV file of labelled questions to start from."""

TEMPLATE_LINES = "".join(
    json.dumps({"question": question, "answer": list(answers) or None, "document": document}) + "\n"
    for question, answers, document in _EXAMPLES
)
"""The same as JSON lines."""

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # as of .xlsx and .ods, and of .xls
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read_labelled(path: Path) -> list[LabelledQuestion]:
    """Read labelled questions in file order; plain or gzip.

    Args:
        path: SQuAD 1.1 or 2.0 JSON; JSON lines or a JSON list of objects; or CSV with a
            header, separated by comma, semicolon or tab. The last two have ``question`` and
            ``answer`` (in CSV several separated by ``|``, in JSON a list), and may have ``id``,
            ``document``, ``group`` and ``is_impossible``.

    Raises:
        DatasetInvalid: the file is missing, holds no question, or a line cannot be read as one, or two
            contradict each other.
    """
    text = _decoded(path, read_bytes(path))
    if not text.strip():
        raise DatasetInvalid(f"{path} is empty: {HINT}")
    if text.lstrip()[:1] in ("{", "["):
        found = _from_json(path, text)
    else:
        found = list(questions_of_csv(path, text))
        check_consistent(path, found)
    if not found:
        raise DatasetInvalid(f"{path} holds no questions: {HINT}")
    return found


def _decoded(path: Path, raw: bytes) -> str:
    if raw.startswith(_WORKBOOKS):
        raise DatasetInvalid(f"{path} is a workbook, or another archive: save it as CSV (UTF-8)")
    encoding = _BOMS.get(raw[:2], "utf-8-sig")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise DatasetInvalid(
            f"{path}, line {line}: byte {raw[exc.start]:#04x} is not {encoding.upper().removesuffix('-SIG')}"
            ": save the file as UTF-8"
        ) from exc


def _from_json(path: Path, text: str) -> list[LabelledQuestion]:
    """Return the questions of SQuAD JSON, of a list of objects, or of one object a line."""
    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as exc:
        if not _begins_with_an_object(text):
            raise DatasetInvalid(f"{path} is not JSON: {exc}") from exc
        found = list(_from_lines(path, text))
    else:
        if isinstance(root, dict) and "data" in root:
            return list(questions_of_squad(path, root))
        found = [
            question_of_record(record, f"{path}, record {number}", str(number))
            for number, record in enumerate(root if isinstance(root, list) else [root], start=1)
        ]
    check_consistent(path, found)
    return found


def _begins_with_an_object(text: str) -> bool:
    """Whether the first line is a JSON object by itself, as in JSON lines."""
    try:
        return isinstance(json.loads(text.lstrip().partition("\n")[0]), dict)
    except (ValueError, RecursionError):
        return False


def _from_lines(path: Path, text: str) -> Iterator[LabelledQuestion]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise DatasetInvalid(f"{place} is not JSON ({exc}): {HINT}") from exc
        yield question_of_record(record, place, str(number))
