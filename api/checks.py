"""What is checked before a question or a permission reaches the index."""

import re
import unicodedata
from collections.abc import Iterable

from .errors import (
    CalibrationNeeded,
    CollectionInvalid,
    EmptyQuestion,
    PrincipalInvalid,
    QuestionInvalid,
    QuestionTooLong,
)

_MAX_COLLECTION_CHARS = 200
# Controls, zero-width characters and the like, and spaces: nothing to look for.
_INVISIBLE = frozenset(("Cc", "Cf", "Zl", "Zp", "Zs"))
_PRINCIPAL = re.compile(r"public|[a-z][a-z0-9_-]{0,31}:[^\s,:][^\s,]{0,199}")


def checked_question(question: str, max_chars: int) -> str:
    """Return the question without surrounding white space.

    Args:
        question: as typed.
        max_chars: in code points, white space around it not counted.

    Raises:
        EmptyQuestion: nothing is left of it.
        QuestionTooLong: more than ``max_chars``.
        QuestionInvalid: it holds half of a surrogate pair, which no text encoding can carry.
    """
    question = question.strip()
    if len(question) > max_chars:
        raise QuestionTooLong(
            f"the question has {len(question):,} characters; at most {max_chars:,} are read: "
            "make it shorter"
        )
    if all(unicodedata.category(char) in _INVISIBLE for char in question):
        raise EmptyQuestion("the question is empty: ask in a few words")
    if any("\ud800" <= char <= "\udfff" for char in question):
        raise QuestionInvalid(
            "the question is not valid text, it holds bytes outside UTF-8: type it again"
        )
    return question


def checked_collection(name: str) -> str:
    """Return the name of a collection.

    Raises:
        CollectionInvalid: it is empty, long, has spaces around it, or cannot be printed.
    """
    if not name.isprintable() or not 0 < len(name.strip()) == len(name) <= _MAX_COLLECTION_CHARS:
        raise CollectionInvalid(
            f"collection {name!r} is not a name: give 1 to {_MAX_COLLECTION_CHARS} printable "
            "characters without spaces around them"
        )
    return name


def checked_principals(principals: Iterable[str]) -> tuple[str, ...]:
    """Return principals in order, repeats dropped.

    Raises:
        PrincipalInvalid: one is not ``public`` or ``KIND:NAME``.
    """
    unique = tuple(dict.fromkeys(principals))
    for principal in unique:
        hidden = any(unicodedata.category(char) in ("Cc", "Cs") for char in principal)
        if hidden or not _PRINCIPAL.fullmatch(principal):
            raise PrincipalInvalid(
                f'principal {principal!r} is neither "public" nor of the form user:ann or group:hr'
            )
    return unique


def check_max_error(max_error: float | None) -> None:
    """Refuse an error limit, which only a calibration on labelled questions can keep.

    Raises:
        CalibrationNeeded: a limit is given; no index holds a calibration in this version.
    """
    if max_error is not None:
        raise CalibrationNeeded(
            f"an error of at most {max_error:g} needs a calibration, which this index does not "
            "have: use --min-probability"
        )
