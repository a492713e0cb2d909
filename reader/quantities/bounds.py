"""Whether a number is the most or the least of something, or the end or the beginning of a time.

At most 5 and at least 5 name the same number and say opposite things.
"""

from collections.abc import Sequence
from typing import Literal

from .units import MONEY_WORDS, MONTHS_AND_WEEKDAYS

Bound = Literal["most", "least", "until", "from"]

NUMBER = "#"
"""What stands for a number among words."""

_OPPOSITES: dict[Bound, Bound] = {
    "most": "least",
    "least": "most",
    "until": "from",
    "from": "until",
}
_BEFORE: dict[tuple[Bound, ...], str] = {
    ("most",): "at most, at the most, maximum, max, maximum of, less than, fewer than, lower than, "
    "smaller than, shorter than, younger than, under, below",
    ("least",): "at least, at the least, minimum, minimum of, more than, greater than, "
    "higher than, larger than, longer than, older than, over, above, exceed, exceeds, exceeding",
    ("most", "until"): "up to",
    ("until",): "until, till, within, before, by, earlier than, sooner than, prior to",
    ("from",): "from, after, since, later than, starting, starting on, starting from, following",
}
_BEHIND: dict[tuple[Bound, ...], str] = {
    ("most",): "or less, or fewer, or under, or below, or lower, or shorter, or younger, "
    "and under, and below, and younger, at most, at the most, maximum, max",
    ("least",): "or more, or over, or above, or greater, or higher, or longer, or older, "
    "and over, and above, and older, at least, at the least, minimum",
    ("until",): "or earlier, or sooner, at the latest",
    ("from",): "or later, onward, onwards, at the earliest",
}


def _phrases(table: dict[tuple[Bound, ...], str]) -> dict[tuple[str, ...], frozenset[Bound]]:
    return {
        tuple(phrase.split()): frozenset(bounds)
        for bounds, phrases in table.items()
        for phrase in phrases.split(", ")
    }


_PHRASES_BEFORE, _PHRASES_BEHIND = _phrases(_BEFORE), _phrases(_BEHIND)
_MOST_WORDS = max(map(len, (*_PHRASES_BEFORE, *_PHRASES_BEHIND)))
_BETWEEN = 3  # words of a unit and the like: 5 years of age or older
WINDOW = 8
"""Words to either side of a number that are looked at."""

_NONE: frozenset[Bound] = frozenset()
_FILLERS = (
    MONEY_WORDS
    | MONTHS_AND_WEEKDAYS
    | frozenset("a an of about age approximately around nearly roughly".split())
)
_NOT = frozenset(("no", "not", "never"))
# With what an apostrophe leaves: didn of didn't.
_NEGATIONS = _NOT | frozenset(
    "none nor neither without cannot didn don doesn isn aren wasn weren won wouldn shouldn "
    "couldn hasn haven hadn mustn needn".split()
)


def bounds_of(before: Sequence[str], behind: Sequence[str]) -> frozenset[Bound]:
    """Return what the words around a number make of it.

    Args:
        before: at most ``WINDOW`` words, the nearest last; other numbers as ``NUMBER``.
        behind: likewise, the nearest first.
    """
    return _bounds_before(before) | _bounds_behind(behind)


def are_opposed(bounds: frozenset[Bound], others: frozenset[Bound]) -> bool:
    """Whether one number is the end in one text and the beginning in the other, and no more."""
    return any(
        bound in bounds and opposite not in bounds and opposite in others and bound not in others
        for bound, opposite in _OPPOSITES.items()
    )


def _bounds_before(words: Sequence[str]) -> frozenset[Bound]:
    kept = list(words)
    has_article = False
    while kept and (kept[-1] in _FILLERS or kept[-1] == "the"):
        # Over the next 5 years, over the 5 years: no bound. After the 5th, over the age of 5: one.
        has_article |= kept[-1] == "the" and words[-2:] != ["age", "of"]
        kept.pop()
    for n in range(min(_MOST_WORDS, len(kept)), 0, -1):
        found = _PHRASES_BEFORE.get(tuple(kept[-n:]))
        if found:
            if has_article:
                found = found & {"until", "from"}
            return _unless_denied(found, kept[:-n])
    return _NONE


def _unless_denied(bounds: frozenset[Bound], before: Sequence[str]) -> frozenset[Bound]:
    """Return the opposites behind a "not"; nothing where one is farther away: did not start until."""
    last = [word for word in before[-2:] if word != "be"]
    if last and last[-1] in _NOT and _NEGATIONS.isdisjoint(before[:-2]):
        return frozenset(_OPPOSITES[bound] for bound in bounds)
    return bounds if _NEGATIONS.isdisjoint(before) else _NONE


def _bounds_behind(words: Sequence[str]) -> frozenset[Bound]:
    for begin in range(_BETWEEN + 1):
        if NUMBER in words[:begin]:
            break
        for n in range(_MOST_WORDS, 0, -1):
            phrase = tuple(words[begin : begin + n])
            found = _PHRASES_BEHIND.get(phrase) if len(phrase) == n else None
            if found:
                # 5 days, at least 10 people: that belongs to the next number.
                return _NONE if words[begin + n : begin + n + 1] == [NUMBER] else found
    return _NONE
