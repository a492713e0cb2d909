"""Labelled questions from SQuAD JSON, and those of which only a wrong answer is known.

``feedback export`` writes the latter beside SQuAD's ``data``, where nobody else looks:
``"rejected": [{"id", "title", "question", "answers": [...]}]``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from answerable.index import sentence_bounds

from ..errors import DatasetInvalid
from .labelled_fields import text_of
from .labelled_question import LabelledQuestion
from .repeats import question_key
from .squad import SquadQuestion, squad_questions


def questions_of_squad(path: Path, root: Mapping[str, Any]) -> Iterator[LabelledQuestion]:
    """Yield the questions of a SQuAD file that has been parsed, then those only rejected.

    Raises:
        DatasetInvalid: it is not laid out as SQuAD.
    """
    rejections = {question_key(one.question): one for one in _rejections(path, root)}
    named = set()
    for question in squad_questions(root, path):
        known = _of_squad(path, question)
        key = question_key(known.question)
        named.add(key)
        rejection = rejections.get(key)
        yield replace(known, rejected=rejection.rejected) if rejection else known
    yield from (one for key, one in rejections.items() if key not in named)


def _of_squad(path: Path, question: SquadQuestion) -> LabelledQuestion:
    place = f"{path}, question {question.id}"
    context = question.context
    sentences = (
        context[slice(*sentence_bounds(context, answer.start, answer.start + len(answer.text)))]
        for answer in question.answers
        if context[answer.start : answer.start + len(answer.text)] == answer.text
    )
    text = text_of(question.question, "question", place)
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
    texts = (text_of(answer.text, "answer", place) for answer in question.answers)
    return tuple(dict.fromkeys(text for text in texts if text))


def _rejections(path: Path, root: Mapping[str, Any]) -> Iterator[LabelledQuestion]:
    given = root.get("rejected", [])
    if not isinstance(given, list):
        raise DatasetInvalid(f'{path}: "rejected" should be a list of questions')
    for number, record in enumerate(given, start=1):
        place = f'{path}, record {number} of "rejected"'
        if not isinstance(record, Mapping) or not isinstance(record.get("answers"), list):
            raise DatasetInvalid(f'{place} should have a "question" and a list of "answers"')
        question = text_of(record.get("question"), "question", place)
        if not question:
            raise DatasetInvalid(f"{place} has no question")
        id = text_of(record.get("id"), "id", place) or str(number)
        yield LabelledQuestion(
            id=id,
            question=question,
            answers=(),
            group=text_of(record.get("title"), "title", place) or id,
            rejected=tuple(text_of(text, "answer", place) for text in record["answers"]),
            is_known=False,
            place=place,
        )
