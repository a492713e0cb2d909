"""The numbers and units of a text, in figures or words, so that two texts can be compared.

``figures`` says what a figure can mean, ``number_words`` puts words together. Where a number has
several readings, texts agree if they agree in any of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from answerable.index import STOP_WORDS

from .figures import FIGURE, Figure, Reading, read_figure
from .number_words import SCALES, VALUES, NumberWords

_MONEY = {
    "euro": "€ eur euro euros",
    "dollar": "$ usd dollar dollars",
    "pound": "£ gbp pound pounds",
}
_MEASURES = _MONEY | {
    "percent": "% percent pct",
    "second": "second seconds sec",
    "minute": "minute minutes min",
    "hour": "hour hours",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years annual",
}
_NAMED = (
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
).split()
_UNIT_OF = {word: unit for unit, words in _MEASURES.items() for word in words.split()}
_COUNTED = frozenset(_UNIT_OF)
_UNIT_OF |= {word: word for word in _NAMED} | {word[:3]: word for word in _NAMED}
_UNIT_OF |= {"sept": "september", "am": "am", "a.m": "am", "pm": "pm", "p.m": "pm"}
_MONEY_WORDS = frozenset(word for words in _MONEY.values() for word in words.split())

_SUFFIXES = {"k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9}
_HALF = "½"
_COUNTING = frozenset((*_UNIT_OF, *VALUES, *SCALES, _HALF)) | STOP_WORDS
_AND_A_HALF = re.compile(r" and a half\b")
_GOES_ON = frozenset((*SCALES, _HALF))  # with the figure before: 2 million, 2½

# A figure with what is written together with it, a word, or a sign of money.
_TOKEN = re.compile(
    rf"(?P<figure>{FIGURE})(?:st|nd|rd|th)?(?:(?P<suffix>{'|'.join(_SUFFIXES)})\b)?"
    r"|(?P<word>[^\W\d_]+(?:\.[^\W\d_]+)*|[%€$£])"
)
_Token = re.Match[str]


@dataclass(frozen=True, slots=True)
class Quantities:
    """What a text counts.

    Attributes:
        numbers: the readings of each number; one of them is meant.
        units: of measure, with months, weekdays, am and pm.
        words: what else it says, stop words left out.
    """

    numbers: tuple[tuple[Reading, ...], ...]
    units: frozenset[str]
    words: frozenset[str]

    def is_same(self, other: Self) -> bool:
        """Whether both count something, may mean the same numbers, and say nothing else besides."""
        return (
            bool(self.numbers)
            and self._may_be_among(other)
            and other._may_be_among(self)
            and (self.units, self.words) == (other.units, other.words)
        )

    def can_agree(self, other: Self) -> bool:
        """Whether the numbers of one may be among those of the other, and a unit is the same."""
        if not (self._may_be_among(other) or other._may_be_among(self)):
            return False
        return not (self.units and other.units) or bool(self.units & other.units)

    def _may_be_among(self, other: Self) -> bool:
        # Among all readings of the other at once: to try each combination could take for ever.
        values = {value for readings in other.numbers for one in readings for value in one}
        return all(any(values.issuperset(one) for one in readings) for readings in self.numbers)


def read_quantities(text: str) -> Quantities:
    """Return the numbers and units of a text, in time linear in its length."""
    tokens = list(_TOKEN.finditer(_AND_A_HALF.sub(f" {_HALF}", text.lower())))
    words = NumberWords()
    figures: list[Figure] = []
    for place, token in enumerate(tokens):
        if token["word"]:
            _add_word(words, tokens, place)
            continue
        figure = _figure_at(tokens, place)
        number = _only_number(figure)
        if number is not None and _word_after(tokens, place) in _GOES_ON:
            words.add_figure(number)
        else:
            words.finish()
            figures.append(figure)
    words.finish()
    months = {figure.month for figure in figures if figure.month}
    return Quantities(
        numbers=(
            *(figure.readings for figure in figures),
            *(((number,),) for number in words.finished),
        ),
        units=frozenset(months | {unit for token in tokens if (unit := _unit(token))}),
        words=frozenset(word for token in tokens if (word := token["word"])) - _COUNTING,
    )


def _unit(token: _Token) -> str | None:
    return _UNIT_OF.get(token["word"])


def _add_word(words: NumberWords, tokens: Sequence[_Token], place: int) -> None:
    """Add a word to the number that it belongs to, or end the number."""
    word = tokens[place]["word"]
    if word in VALUES:
        if _is_of_a_compound(tokens, place):
            words.finish()
        words.add_value(VALUES[word])
    elif word in SCALES:
        if _is_one_of(tokens, place):
            words.add_value(1.0)
        words.add_scale(SCALES[word])
    elif word == _HALF:
        words.add_half()
    elif word != "and" or not words.is_round:
        words.finish()


def _is_of_a_compound(tokens: Sequence[_Token], place: int) -> bool:
    """Whether a word from one to nine begins another thing: twenty two-hour sessions."""
    token, after = tokens[place], _word_after(tokens, place)
    return (
        VALUES[token["word"]] < 10
        and after is not None
        and after not in VALUES
        and after not in SCALES
        and token.string[token.end()] == "-"
        and token.string[max(token.start() - 1, 0)] != "-"
    )


def _is_one_of(tokens: Sequence[_Token], place: int) -> bool:
    """Whether a scale is one: a hundred, but not half a million, nor a quarter of a million."""
    before = [token["word"] for token in tokens[max(place - 2, 0) : place]]
    return (
        before[-1:] in (["a"], ["an"])
        and not {"half", "of"}.intersection(before)
        and not tokens[place]["word"].endswith("s")
    )


def _figure_at(tokens: Sequence[_Token], place: int) -> Figure:
    """Return the readings of a figure where it stands."""
    token, after = tokens[place], _word_after(tokens, place)
    is_money = after in _MONEY_WORDS or _word_before(tokens, place) in _MONEY_WORDS
    scale = _SUFFIXES.get(token["suffix"])
    is_one = is_money or bool(scale) or after in _COUNTED or after in _GOES_ON
    figure = read_figure(token["figure"], is_one=is_one)
    if scale:
        scaled = figure.scaled(scale)
        # 10m may be metres, minutes or months.
        return scaled if is_money or token["suffix"] != "m" else scaled.or_else(figure)
    if after in SCALES and _only_number(figure) is None:
        return figure.scaled(SCALES[after])
    return figure


def _only_number(figure: Figure) -> float | None:
    """Return the number that a figure is, if there is nothing else that it can be."""
    if len(figure.readings) == 1 and len(figure.readings[0]) == 1:
        number = figure.readings[0][0]
        return number if isinstance(number, float) else None
    return None


def _word_after(tokens: Sequence[_Token], place: int) -> str | None:
    return _joined_word(tokens, place, place + 1)


def _word_before(tokens: Sequence[_Token], place: int) -> str | None:
    return _joined_word(tokens, place, place - 1)


def _joined_word(tokens: Sequence[_Token], place: int, other: int) -> str | None:
    """Return the word at another place if nothing but spaces or a hyphen lies between."""
    if not 0 <= other < len(tokens):
        return None
    first, second = sorted((tokens[place], tokens[other]), key=_Token.start)
    between = first.string[first.end() : second.start()].strip()
    return tokens[other]["word"] if between in ("", "-") else None
