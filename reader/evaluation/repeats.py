"""Questions that a file asks more than once: one question each, and no two labels at odds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import DatasetInvalid
from .labelled_question import LabelledQuestion

_EDGES = "?!.,;:\"'()[]\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{HORIZONTAL ELLIPSIS}"
_ARTICLES = frozenset(("a", "an", "the"))
_SHOWN_CHARS = 60


def question_key(question: str) -> str:
    """Return what two writings of one question share.

    Case, spaces, articles and the punctuation around words do not count. That within them does,
    and so does an article at the end: C is not C++, and a vitamin is not the vitamin A.
    """
    *words, last = [word.strip(_EDGES) for word in question.casefold().split()] or [""]
    kept = [word for word in words if word not in _ARTICLES]
    key = " ".join(word for word in (*kept, last) if word)
    return key or " ".join(question.casefold().split())


def without_repeats(questions: Sequence[LabelledQuestion]) -> list[LabelledQuestion]:
    """Return each question once, in order, with all the answers that are given for it.

    Asked again it says nothing new, whatever answers stand beside it. Of passages that hold an
    answer and passages that hold none, as SQuAD has them, the former count.
    """
    alike: dict[str, list[LabelledQuestion]] = {}
    for question in questions:
        alike.setdefault(question_key(question.question), []).append(question)
    return [_merged(ones) for ones in alike.values()]


def check_consistent(path: Path, questions: Iterable[LabelledQuestion]) -> None:
    """Refuse a question that has an answer on one line, and on another none.

    Raises:
        DatasetInvalid: there is one; it names both lines.
    """
    first: dict[str, LabelledQuestion] = {}
    for question in questions:
        before = first.setdefault(question_key(question.question), question)
        if before.is_answerable is question.is_answerable:
            continue
        answered, unanswered = sorted((before, question), key=lambda one: not one.is_answerable)
        places = [one.place.removeprefix(f"{path}, ") for one in (answered, unanswered)]
        raise DatasetInvalid(
            f"{path}: {places[0]} gives an answer to {question.question:.{_SHOWN_CHARS}} "
            f"({answered.answers[0]:.{_SHOWN_CHARS}}), and {places[1]} says that there is none: "
            "keep one of them"
        )


def _merged(ones: Sequence[LabelledQuestion]) -> LabelledQuestion:
    first = ones[0]
    if len(ones) == 1:
        return first
    answers: dict[str, str] = {}
    for text in (text for one in ones for text in one.answers):
        answers.setdefault(" ".join(text.casefold().split()), text)
    return replace(
        first,
        answers=tuple(answers.values()),
        document=next((one.document for one in ones if one.document), None),
        sentences=tuple(dict.fromkeys(text for one in ones for text in one.sentences)),
        rejected=tuple(dict.fromkeys(text for one in ones for text in one.rejected)),
        is_known=any(one.is_known for one in ones),
    )
