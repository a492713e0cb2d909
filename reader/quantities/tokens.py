"""The words, figures and signs of money of a text: what its numbers are found in.

``found`` finds them.
"""

import re
from collections.abc import Sequence

from .figures import FIGURE

HALF = "½"
SUFFIXES = {"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9}
"""Scales that are written right behind a figure."""

# A figure with what is written together with it, a word, or a sign of money.
_TOKEN = re.compile(
    rf"(?P<figure>{FIGURE})(?:st|nd|rd|th)?(?:(?P<suffix>{'|'.join(SUFFIXES)})\b)?"
    r"|(?P<word>[^\W\d_]+(?:\.[^\W\d_]+)*|[%€$£])"
)
Token = re.Match[str]
"""With the groups figure, suffix and word; word or figure is None."""

# Ways to write that no token shows, and the words for them.
_REWRITTEN = (
    (re.compile(r" and a half\b"), f" {HALF}"),
    (re.compile(r"(?:[°º]|\bdegrees?) ?c\b|\N{DEGREE CELSIUS}"), " celsius"),
    (re.compile(r"(?:[°º]|\bdegrees?) ?f\b|\N{DEGREE FAHRENHEIT}"), " fahrenheit"),
    (re.compile(r"(?<=\d)( ?(?:[ck]?m|ft))2\b"), r"\1²"),
    (re.compile(r"(?<=\d)( ?[ck]?m)3\b"), r"\1³"),
    (re.compile(r"(?:≤|<=) ?(?=\d)"), " at most "),
    (re.compile(r"(?:≥|>=) ?(?=\d)"), " at least "),
    (re.compile(r"< ?(?=\d)"), " less than "),
    (re.compile(r"> ?(?=\d)"), " more than "),
    (re.compile(r"(?<=\d)\+(?!\w)"), " or more "),
)


def tokens_of(text: str) -> list[Token]:
    """Return the words, figures and signs of money of a text, in time linear in its length."""
    text = text.lower()
    for pattern, words in _REWRITTEN:
        text = pattern.sub(words, text)
    return list(_TOKEN.finditer(text))


def word_behind(tokens: Sequence[Token], place: int) -> str | None:
    """Return the word behind a token if nothing but spaces or a hyphen lies between."""
    return _joined_word(tokens, place, place + 1)


def word_before(tokens: Sequence[Token], place: int) -> str | None:
    """Return the word before a token if nothing but spaces or a hyphen lies between."""
    return _joined_word(tokens, place, place - 1)


def _joined_word(tokens: Sequence[Token], place: int, other: int) -> str | None:
    if not 0 <= other < len(tokens):
        return None
    first, second = sorted((tokens[place], tokens[other]), key=Token.start)
    between = first.string[first.end() : second.start()].strip()
    return tokens[other]["word"] if between in ("", "-") else None
