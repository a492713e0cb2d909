"""Labelled questions of users: SQuAD JSON, JSON lines, or CSV, told apart by what is in them.

For questions asked to a whole index: what counts is the answer's text, not where it stands.
``read_labelled`` is the entry; every error names the file and the line.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.index import sentence_bounds

from ..answer_text import normalize_answer
from ..errors import DatasetInvalid
from .json_files import read_bytes
from .squad import SquadQuestion, squad_questions

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

_HINT = (
    'give CSV or JSON lines with "question" and "answer" (empty or "no answer" where the documents '
    "have none), or SQuAD JSON; `answerable calibrate --template` prints an example"
)
_NO_ANSWER = frozenset(
    ("", "no answer", "unanswerable", "none", "null", "n/a", "n.a", "na", "-", "\N{EN DASH}")
)
_SEPARATORS = (",", ";", "\t")  # spreadsheets use each of them somewhere
_SHOWN_CHARS = 40  # of a wrong value, in an error
_SHOWN_KEYS_CHARS = 120
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question to the whole index, and what a right answer would say.

    Attributes:
        id: as the file has it, else its line.
        answers: texts that are right, any of them; empty where the documents hold no answer.
        group: questions that belong together, such as those about one article: they are never
            split between fitting and checking.
        document: name of the document with the answer, if the file tells.
        sentences: those that hold the answer in the passage that the file gives; empty if it
            gives none.
        place: file and line, for errors.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    group: str
    document: str | None = None
    sentences: tuple[str, ...] = ()
    place: str = ""

    @property
    def is_answerable(self) -> bool:
        """Whether the documents hold an answer."""
        return bool(self.answers)


def read_labelled(path: Path) -> list[LabelledQuestion]:
    """Read labelled questions in file order; plain or gzip.

    Args:
        path: SQuAD 1.1 or 2.0 JSON; JSON lines or a JSON list of objects; or CSV with a
            header, separated by comma, semicolon or tab. The last two have ``question`` and
            ``answer`` (in CSV several separated by ``|``, in JSON a list), and may have ``id``,
            ``document`` and ``group``.

    Raises:
        DatasetInvalid: the file is missing, holds no question, or a line cannot be read as one.
    """
    text = _decoded(path, read_bytes(path))
    if not text.strip():
        raise DatasetInvalid(f"{path} is empty: {_HINT}")
    if text.lstrip()[:1] in ("{", "["):
        found = list(_from_json(path, text))
    else:
        found = list(_from_csv(path, text))
    if not found:
        raise DatasetInvalid(f"{path} holds no questions: {_HINT}")
    return found


def without_repeats(questions: Sequence[LabelledQuestion]) -> list[LabelledQuestion]:
    """Return each question with the same answers once, the first of them, in order.

    The same is what differs in nothing but case, punctuation, articles and spaces: asked again
    it says nothing new.
    """
    first: dict[tuple[str, frozenset[str]], LabelledQuestion] = {}
    for question in questions:
        answers = frozenset(map(normalize_answer, question.answers))
        first.setdefault((normalize_answer(question.question), answers), question)
    return list(first.values())


def _decoded(path: Path, raw: bytes) -> str:
    encoding = _BOMS.get(raw[:2], "utf-8-sig")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise DatasetInvalid(
            f"{path}, line {line}: byte {raw[exc.start]:#04x} is not {encoding.upper().removesuffix('-SIG')}"
            ": save the file as UTF-8"
        ) from exc


def _from_json(path: Path, text: str) -> Iterator[LabelledQuestion]:
    """Yield the questions of SQuAD JSON, of a list of objects, or of one object a line."""
    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as exc:
        if not _begins_with_an_object(text):
            raise DatasetInvalid(f"{path} is not JSON: {exc}") from exc
        yield from _from_lines(path, text)
        return
    if isinstance(root, dict) and "data" in root:
        yield from (_of_squad(path, question) for question in squad_questions(root, path))
        return
    for number, record in enumerate(root if isinstance(root, list) else [root], start=1):
        yield _of_record(record, f"{path}, record {number}", str(number))


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
            raise DatasetInvalid(f"{place} is not JSON ({exc}): {_HINT}") from exc
        yield _of_record(record, place, str(number))


def _from_csv(path: Path, text: str) -> Iterator[LabelledQuestion]:
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
            yield _of_record({**record, "answer": answers}, place, place.rpartition(" ")[2])
    except csv.Error as exc:
        raise DatasetInvalid(f"{path}, line {number + 1} is not CSV ({exc}): {_HINT}") from exc


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in ("question", "answer") if name not in header]
    if missing:
        raise DatasetInvalid(f'{path}, line 1: no column "{missing[0]}" in the header: {_HINT}')
    repeated = {name for name in header if name and header.count(name) > 1}
    if repeated:
        raise DatasetInvalid(f'{path}, line 1: several columns are named "{min(repeated)}"')


def _of_record(record: object, place: str, number: str) -> LabelledQuestion:
    if not isinstance(record, Mapping):
        raise DatasetInvalid(f"{place} is not an object with a question: {_HINT}")
    question = _text(record.get("question"), "question", place)
    if not question:
        raise DatasetInvalid(f"{place} has no question: {_HINT}")
    id = _text(record.get("id"), "id", place) or number
    document = _text(record.get("document"), "document", place)
    return LabelledQuestion(
        id=id,
        question=question,
        answers=_answers(_answer_field(record, place), place),
        group=_text(record.get("group"), "group", place) or document or id,
        document=document or None,
        place=place,
    )


def _answer_field(record: Mapping[str, Any], place: str) -> Any:
    """Return what stands under ``answer`` or ``answers``; a misspelt name is no missing answer."""
    given = [record[name] for name in ("answer", "answers") if name in record]
    if not given:
        keys = ", ".join(f'"{key}"' for key in record)
        raise DatasetInvalid(f'{place} has no "answer", its keys are {_shortened(keys)}: {_HINT}')
    return next((value for value in given if value is not None), None)


def _answers(value: Any, place: str) -> tuple[str, ...]:
    """Return the answers of a text, of a list, or of an object with such a ``text``.

    Words such as "none" say that there is no answer where they are all that is given; beside
    another answer they are one.
    """
    if isinstance(value, Mapping):
        value = _text_field(value, place)
    values = value if isinstance(value, list) else [value]
    texts = [_text(one, "answer", place) for one in values]
    if all(text.lower().rstrip(".") in _NO_ANSWER for text in texts):
        return ()
    return tuple(dict.fromkeys(text for text in texts if text))


def _text_field(answers: Mapping[str, Any], place: str) -> Any:
    if "text" not in answers:
        raise DatasetInvalid(f'{place}: the object under "answer" has no "text": {_HINT}')
    return answers["text"]


def _text(value: object, name: str, place: str) -> str:
    """Return a field's text without white space around it; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DatasetInvalid(
            f'{place}: "{name}" is {value!r:.{_SHOWN_CHARS}}, and should be text: {_HINT}'
        )
    text = str(value).strip()
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise DatasetInvalid(f'{place}: "{name}" holds half of a character pair: write it again')
    return text


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_KEYS_CHARS else f"{text[:_SHOWN_KEYS_CHARS]}..."


def _of_squad(path: Path, question: SquadQuestion) -> LabelledQuestion:
    place = f"{path}, question {question.id}"
    context = question.context
    sentences = (
        context[slice(*sentence_bounds(context, answer.start, answer.start + len(answer.text)))]
        for answer in question.answers
        if context[answer.start : answer.start + len(answer.text)] == answer.text
    )
    text = _text(question.question, "question", place)
    if not text:
        raise DatasetInvalid(f"{place} has no text")
    return LabelledQuestion(
        id=question.id,
        question=text,
        answers=_quotes(question, place),
        group=question.title or question.id,
        sentences=tuple(dict.fromkeys(sentences)),
        place=place,
    )


def _quotes(question: SquadQuestion, place: str) -> tuple[str, ...]:
    """Return a question's answers as they stand in its passage: "none" may be one there."""
    texts = (_text(answer.text, "answer", place) for answer in question.answers)
    return tuple(dict.fromkeys(text for text in texts if text))
