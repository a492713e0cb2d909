"""Finds the numbers of a text, in figures or words, each with its readings and its place.

``figures`` says what a figure can mean, ``words`` puts words together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .figures import Figure, Reading, read_figure
from .tokens import HALF, SUFFIXES, Token, word_before, word_behind
from .units import COUNTED, MONEY_WORDS
from .words import SCALES, VALUES, NumberWords

_GOES_ON = frozenset((*SCALES, HALF))  # with the figure before: 2 million, 2½
_CLOCK = {"am": "am", "a.m": "am", "pm": "pm", "p.m": "pm"}
_IN_RANGES = frozenset("to and or until till through".split())


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a text.

    Attributes:
        readings: one of them is meant.
        first: place of its first token.
        last: of its last.
        month: its name, if the number is a date in figures.
    """

    readings: tuple[Reading, ...]
    first: int
    last: int
    month: str | None = None


@dataclass(slots=True)
class _NumbersInWords:
    """Numbers that ``NumberWords`` puts together, with their places."""

    found: list[Number] = field(default_factory=list)
    words: NumberWords = field(default_factory=NumberWords)
    _first: int | None = None
    _last: int = 0

    def took(self, place: int, *, is_part: bool) -> None:
        """Note that a token was taken, as a part of a number or as its end."""
        for value in self.words.finished[len(self.found) :]:
            first = place if self._first is None else self._first
            self.found.append(Number(((value,),), first, max(first, self._last)))
            self._first = None
        if not is_part:
            self._first = None
            return
        self._first = place if self._first is None else self._first
        self._last = place


def find_numbers(tokens: Sequence[Token]) -> list[Number]:
    """Return the numbers among tokens, figures before words."""
    in_words = _NumbersInWords()
    words, figures = in_words.words, list[Number]()
    clock = _clock_times(tokens)
    for place, token in enumerate(tokens):
        if token["word"]:
            is_part = _add_word(words, tokens, place)
            if token["word"] != "and" or not is_part:
                in_words.took(place, is_part=is_part)
            continue
        figure = _figure_at(tokens, place)
        number = _only_number(figure)
        if number is not None and word_behind(tokens, place) in _GOES_ON:
            words.add_figure(number)
            in_words.took(place, is_part=True)
            continue
        words.finish()
        in_words.took(place, is_part=False)
        if place in clock:
            figure = figure.on_clock(clock[place])
        figures.append(Number(figure.readings, place, place, figure.month))
    words.finish()
    in_words.took(len(tokens), is_part=False)
    return figures + in_words.found


def _clock_times(tokens: Sequence[Token]) -> dict[int, str]:
    """Return by place which figures are am or pm, as both of 10 to 11 pm may be."""
    found: dict[int, str] = {}
    after: int | None = None  # the next figure, nothing but one word of a range between
    for place in range(len(tokens) - 1, -1, -1):
        word = tokens[place]["word"]
        if word:
            is_range = word in _IN_RANGES
            after = after if is_range and after == place + 1 else None
            continue
        half = _CLOCK.get(word_behind(tokens, place) or "")
        if half is None and after is not None:
            half = found.get(after)
        if half:
            found[place] = half
        after = place
    return found


def _add_word(words: NumberWords, tokens: Sequence[Token], place: int) -> bool:
    """Add a word to the number that it belongs to, or end the number; say whether it is a part."""
    word = tokens[place]["word"]
    if word in VALUES:
        if _is_of_a_compound(tokens, place):
            words.finish()
        words.add_value(VALUES[word])
    elif word in SCALES:
        if _is_one_of(tokens, place):
            words.add_value(1.0)
        words.add_scale(SCALES[word])
    elif word == HALF:
        words.add_half()
    elif word != "and" or not words.is_round:
        words.finish()
        return False
    return True


def _is_of_a_compound(tokens: Sequence[Token], place: int) -> bool:
    """Whether a word from one to nine begins another thing: twenty two-hour sessions."""
    token, after = tokens[place], word_behind(tokens, place)
    return (
        VALUES[token["word"]] < 10
        and after is not None
        and after not in VALUES
        and after not in SCALES
        and token.string[token.end()] == "-"
        and token.string[max(token.start() - 1, 0)] != "-"
    )


def _is_one_of(tokens: Sequence[Token], place: int) -> bool:
    """Whether a scale is one: a hundred, but not half a million, nor a quarter of a million."""
    before = [token["word"] for token in tokens[max(place - 2, 0) : place]]
    return (
        before[-1:] in (["a"], ["an"])
        and not {"half", "of"}.intersection(before)
        and not tokens[place]["word"].endswith("s")
    )


def _figure_at(tokens: Sequence[Token], place: int) -> Figure:
    """Return the readings of a figure where it stands."""
    token, after = tokens[place], word_behind(tokens, place)
    is_money = after in MONEY_WORDS or word_before(tokens, place) in MONEY_WORDS
    scale = SUFFIXES.get(token["suffix"])
    is_one = is_money or bool(scale) or after in COUNTED or after in _GOES_ON
    figure = read_figure(token["figure"], is_one=is_one)
    if scale:
        scaled = figure.scaled(scale)
        # 10m may be metres, minutes or months.
        return scaled if is_money or token["suffix"] != "m" else scaled.or_else(figure)
    if after in ("m", "mn", "bn"):
        scaled = figure.scaled(SUFFIXES[after])
        return scaled if is_money or after != "m" else figure.or_else(scaled)
    if after in SCALES and _only_number(figure) is None:
        return figure.scaled(SCALES[after])
    return figure


def _only_number(figure: Figure) -> float | None:
    """Return the number that a figure is, if there is nothing else that it can be."""
    if len(figure.readings) == 1 and len(figure.readings[0]) == 1:
        number = figure.readings[0][0]
        return number if isinstance(number, float) else None
    return None
