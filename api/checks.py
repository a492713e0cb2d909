"""What is checked before a question or a permission reaches the index."""

import re
import unicodedata
from collections.abc import Iterable

from .errors import (
    CollectionInvalid,
    EmptyQuestion,
    LimitInvalid,
    PrincipalInvalid,
    QuestionInvalid,
    QuestionTooLong,
    SettingsInvalid,
)
from .settings import Settings

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


def checked_count(name: str, count: int | None, default: int) -> int:
    """Return how many of something are asked for: the call's number, else the settings'.

    Raises:
        SettingsInvalid: it is less than 1.
    """
    if count is None:
        return default
    if count < 1:
        raise SettingsInvalid(f"{name} is {count}: give 1 or more")
    return count


def checked_limits(
    min_probability: float | None,
    max_error: float | None,
    settings: Settings,
) -> tuple[float | None, float | None]:
    """Return (min_probability, max_error), one of them at most: the call's, else the settings'.

    Raises:
        LimitInvalid: both are given, or one is not a share.
    """
    if min_probability is None and max_error is None:
        min_probability, max_error = settings.min_probability, settings.max_error
    if min_probability is not None and max_error is not None:
        raise LimitInvalid("give either max_error or min_probability: each sets the threshold")
    if max_error is not None and not 0 < max_error < 1:
        raise LimitInvalid(f"max_error {max_error:g} is not a share between 0 and 1, such as 0.1")
    if min_probability is not None and not 0 <= min_probability <= 1:
        raise LimitInvalid(f"min_probability {min_probability:g} is not between 0 and 1")
    return min_probability, max_error
