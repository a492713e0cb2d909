"""One labelled question from the fields of a CSV row or a JSON object."""

from collections.abc import Mapping
from typing import Any

from ..errors import DatasetInvalid
from .labelled_question import LabelledQuestion
from .no_answer import says_no_answer

HINT = (
    'give CSV or JSON lines with "question" and "answer" (empty or "no answer" where the documents '
    "have none), or SQuAD JSON; `answerable calibrate --template` prints an example"
)
"""What an error adds."""

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SHOWN_CHARS = 40  # of a wrong value, in an error
_SHOWN_KEYS_CHARS = 120


def question_of_record(record: object, place: str, number: str) -> LabelledQuestion:
    """Return the question of a row or an object.

    Args:
        record: its fields by name.
        place: file and line, for errors.
        number: its id, if it has none.

    Raises:
        DatasetInvalid: a field is missing, or is not what it should be.
    """
    if not isinstance(record, Mapping):
        raise DatasetInvalid(f"{place} is not an object with a question: {HINT}")
    question = text_of(record.get("question"), "question", place)
    if not question:
        raise DatasetInvalid(f"{place} has no question: {HINT}")
    id = text_of(record.get("id"), "id", place) or number
    document = text_of(record.get("document"), "document", place)
    return LabelledQuestion(
        id=id,
        question=question,
        answers=_answers(record, place),
        group=text_of(record.get("group"), "group", place) or document or id,
        document=document or None,
        place=place,
    )


def _answers(record: Mapping[str, Any], place: str) -> tuple[str, ...]:
    """Return what stands under ``answer`` and ``answers``, agreeing with ``is_impossible``.

    Words such as "none" say that there is no answer where they are all that is given; beside
    another answer they are one. A misspelt name is no missing answer.
    """
    given = [record[name] for name in ("answer", "answers") if name in record]
    is_impossible = _flag(record.get("is_impossible"), place)
    if not given and not is_impossible:
        keys = ", ".join(f'"{key}"' for key in record)
        raise DatasetInvalid(f'{place} has no "answer", its keys are {_shortened(keys)}: {HINT}')
    texts = [text for value in given for text in _texts(value, place)]
    if all(map(says_no_answer, texts)):
        texts = []
    if is_impossible is not None and is_impossible is bool(texts):
        said = f'the answer "{texts[0]:.{_SHOWN_CHARS}}"' if texts else "no answer"
        raise DatasetInvalid(
            f'{place} has {said} beside "is_impossible": {str(is_impossible).lower()}: correct one'
        )
    return tuple(dict.fromkeys(text for text in texts if text))


def _texts(value: Any, place: str) -> list[str]:
    """Return the answers of a text, of a list, or of an object with such a ``text``."""
    if isinstance(value, Mapping):
        value = _text_field(value, place)
    values = value if isinstance(value, list) else [value]
    return [text_of(one, "answer", place) for one in values]


def _flag(value: object, place: str) -> bool | None:
    """Return what ``is_impossible`` says; None for nothing."""
    if value is None or isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text and text not in _FLAGS:
        raise DatasetInvalid(
            f'{place}: "is_impossible" is {value!r:.{_SHOWN_CHARS}}, and should be true or false'
        )
    return _FLAGS.get(text)


def _text_field(answers: Mapping[str, Any], place: str) -> Any:
    if "text" not in answers:
        raise DatasetInvalid(f'{place}: the object under "answer" has no "text": {HINT}')
    return answers["text"]


def text_of(value: object, name: str, place: str) -> str:
    """Return a field's text without white space around it; empty for none.

    Raises:
        DatasetInvalid: it is no text.
    """
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DatasetInvalid(
            f'{place}: "{name}" is {value!r:.{_SHOWN_CHARS}}, and should be text: {HINT}'
        )
    text = str(value).strip()
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise DatasetInvalid(f'{place}: "{name}" holds half of a character pair: write it again')
    return text


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_KEYS_CHARS else f"{text[:_SHOWN_KEYS_CHARS]}..."
