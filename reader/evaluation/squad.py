"""SQuAD-format questions: reading 1.1 and 2.0 JSON files, plain or gzip.

Depends on nothing but the standard library; used by training, evaluation and
calibration. The metrics are in ``metrics.py``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DatasetInvalid
from .json_files import read_json

_WRONG_LAYOUT = (KeyError, TypeError, AttributeError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class SquadAnswer:
    """One reference answer: its text and where it starts in the context, in code points."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """One question on one context; ``answers`` is empty when the context has none."""

    id: str
    title: str
    context: str
    question: str
    answers: tuple[SquadAnswer, ...]

    @property
    def is_answerable(self) -> bool:
        """Whether the context holds an answer."""
        return bool(self.answers)


def read_squad(path: Path, *, is_labelled: bool = True) -> list[SquadQuestion]:
    """Read all questions of a SQuAD 1.1 or 2.0 file, in file order.

    Args:
        path: plain or gzip.
        is_labelled: False for a file to be answered, in which questions need no ``answers``.

    Raises:
        DatasetInvalid: the file is missing, is not JSON, or is not laid out as SQuAD.
    """
    return squad_questions(read_json(path), path, is_labelled=is_labelled)


def squad_questions(root: Any, path: Path, *, is_labelled: bool = True) -> list[SquadQuestion]:
    """Return all questions of a SQuAD file that has been parsed.

    Args:
        root: its JSON value.
        path: for the error.
        is_labelled: see ``read_squad``.

    Raises:
        DatasetInvalid: it is not laid out as SQuAD.
    """
    try:
        return list(_questions(root, is_labelled))
    except _WRONG_LAYOUT as exc:
        raise DatasetInvalid(
            f"{path} is not in SQuAD layout (data > paragraphs > qas): {_reason(exc)}"
        ) from exc


def _questions(root: dict[str, Any], is_labelled: bool) -> Iterator[SquadQuestion]:
    for a, article in enumerate(root["data"]):
        for p, paragraph in enumerate(article["paragraphs"]):
            for q, qa in enumerate(paragraph["qas"]):
                try:
                    question = _question(article, paragraph, qa, is_labelled)
                except _WRONG_LAYOUT as exc:
                    place = f"data[{a}].paragraphs[{p}].qas[{q}]"
                    raise ValueError(f"{place}: {_reason(exc)}") from exc
                yield question


def _question(
    article: dict[str, Any], paragraph: dict[str, Any], qa: dict[str, Any], is_labelled: bool
) -> SquadQuestion:
    is_impossible = bool(qa.get("is_impossible", False))
    given = qa["answers"] if is_labelled else qa.get("answers") or []
    return SquadQuestion(
        id=str(qa["id"]),
        title=str(article.get("title", "")),
        context=_text(paragraph["context"]),
        question=_text(qa["question"]),
        answers=() if is_impossible else _answers(given),
    )


def _reason(exc: Exception) -> str:
    return f'no "{exc.args[0]}"' if isinstance(exc, KeyError) else str(exc)


def _answers(raw: list[dict[str, Any]]) -> tuple[SquadAnswer, ...]:
    return tuple(SquadAnswer(_text(a["text"]), int(a["answer_start"])) for a in raw)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {value!r:.40}")
    return value
