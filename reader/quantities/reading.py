"""The numbers, units and bounds of a text, so that two texts can be compared.

``found`` finds the numbers, ``units`` is the table of units, ``bounds`` says what is the
most and what the least. Where a number has several readings, texts agree if they agree in any.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from answerable.index import STOP_WORDS

from .bounds import NUMBER, WINDOW, Bound, are_opposed, bounds_of
from .figures import Reading, Value
from .found import Number, find_numbers
from .signs import MINUS, goes_down, signed
from .tokens import HALF, Token, tokens_of, word_before, word_behind
from .units import MONEY_SIGNS, MOST_WORDS, UNIT_OF, meanings, unit_behind_number
from .words import SCALES, VALUES

_NONE: frozenset[str] = frozenset()
_CLOCK = frozenset(("am", "pm"))
_COUNTING = frozenset((*UNIT_OF, *VALUES, *SCALES, *MINUS, HALF, "between")) | STOP_WORDS
_VERSION = re.compile(r"\b(?:versions?|releases?|ver\.?|v\.?) ?(\d+(?:\.\d+)+)", re.IGNORECASE)
_MOST_PARTS = 3  # of a version that are compared


@dataclass(frozen=True, slots=True)
class Quantities:
    """What a text counts.

    Attributes:
        numbers: the readings of each number; one of them is meant.
        units: of measure, with months, weekdays, am and pm, wherever they stand.
        words: what else it says, stop words left out.
        measured: by number, what the units right behind it can mean.
        bounds: by number, of what it is the most or the least.
        versions: the parts of version numbers.
        goes_down: whether a number may be negative without a sign, as in "a loss of 5".
    """

    numbers: tuple[tuple[Reading, ...], ...]
    units: frozenset[str]
    words: frozenset[str]
    measured: Mapping[Value, frozenset[str]] = field(default_factory=dict)
    bounds: Mapping[Value, frozenset[Bound]] = field(default_factory=dict)
    versions: frozenset[tuple[str, ...]] = frozenset()
    goes_down: bool = False

    def is_same(self, other: Self) -> bool:
        """Whether both count something, may mean the same numbers, and say nothing else besides."""
        is_down = self.goes_down or other.goes_down
        return (
            bool(self.numbers)
            and self._may_be_among(other, is_down)
            and other._may_be_among(self, is_down)
            and self._besides == other._besides
        )

    def can_agree(self, other: Self) -> bool:
        """Whether the numbers of one may be among those of the other, in one unit and bound."""
        is_down = self.goes_down or other.goes_down
        if not (self._may_be_among(other, is_down) or other._may_be_among(self, is_down)):
            return False
        if self.units and other.units and _possible(self.units).isdisjoint(_possible(other.units)):
            return False
        return not (
            self._measures_otherwise(other)
            or any(
                are_opposed(bounds, other.bounds[value])
                for value, bounds in self.bounds.items()
                if value in other.bounds
            )
            or _are_other_versions(self.versions, other.versions)
        )

    @property
    def _besides(self) -> tuple[frozenset[str], bool, frozenset[str]]:
        """What is said besides the numbers; am and pm are of the number."""
        known = _possible(self.units)
        is_measured = any(units.isdisjoint(known) for units in self.measured.values())
        return self.units - _CLOCK, is_measured, self.words

    def _measures_otherwise(self, other: Self) -> bool:
        """Whether a number of both has units that cannot be one: 5 kg and 5 lb."""
        return any(
            units.isdisjoint(other.measured[value])
            for value, units in self.measured.items()
            if value in other.measured
        )

    def _may_be_among(self, other: Self, is_down: bool) -> bool:
        # Among all readings of the other at once: to try each combination could take for ever.
        values = {value for readings in other.numbers for one in readings for value in one}
        if is_down:
            values |= {-value for value in values if isinstance(value, float)}
        return all(any(values.issuperset(one) for one in readings) for readings in self.numbers)


def read_quantities(text: str) -> Quantities:
    """Return the numbers, units and bounds of a text, in time linear in its length."""
    tokens = tokens_of(text)
    numbers = find_numbers(tokens)
    found = _Found(tokens, numbers)
    months = {number.month for number in numbers if number.month}
    units = {unit for token in tokens if (unit := UNIT_OF.get(token["word"]))}
    return Quantities(
        numbers=tuple(signed(tokens, number) for number in numbers),
        units=frozenset(months | units),
        words=frozenset(
            token["word"] for place, token in enumerate(tokens) if place not in found.in_units
        )
        - _COUNTING
        - {None},
        measured=found.measured,
        bounds=found.bounds,
        versions=frozenset(_parts(version) for version in _VERSION.findall(text)),
        goes_down=goes_down(tokens),
    )


class _Found:
    """What stands around the numbers of a text."""

    def __init__(self, tokens: Sequence[Token], numbers: Sequence[Number]) -> None:
        self.measured: dict[Value, frozenset[str]] = {}
        self.bounds: dict[Value, frozenset[Bound]] = {}
        self.in_units: set[int] = set()
        taken = {place for one in numbers for place in range(one.first, one.last + 1)}
        words = [
            NUMBER if place in taken else token["word"] or NUMBER
            for place, token in enumerate(tokens)
        ]
        for number in numbers:
            first, after = number.first, number.last + 1
            unit, n_words = unit_behind_number(_words_behind(tokens, number.last))
            if before := MONEY_SIGNS.get(word_before(tokens, first) or ""):
                unit, n_words = before, 0  # $5 m
            bounds = bounds_of(words[max(first - WINDOW, 0) : first], words[after : after + WINDOW])
            # The likeliest reading alone: 1.000 km are not 1 km. But 10 pm is 22 as well as 10.
            readings = number.readings if unit in _CLOCK else number.readings[:1]
            for value in {reading[0] for reading in readings}:
                if unit:
                    self.measured[value] = self.measured.get(value, _NONE) | meanings(unit)
                if bounds:
                    self.bounds[value] = self.bounds.get(value, frozenset[Bound]()) | bounds
            if unit:
                self.in_units.update(range(after, after + n_words))


def _words_behind(tokens: Sequence[Token], place: int) -> tuple[str, ...]:
    """Return the words right behind a number that may be its unit; of the 50s, none."""
    words: list[str] = []
    if word_behind(tokens, place) == "s" and tokens[place].end() == tokens[place + 1].start():
        return ()
    while len(words) < MOST_WORDS and (word := word_behind(tokens, place)):
        words.append(word)
        place += 1
    return tuple(words)


def _possible(units: frozenset[str]) -> frozenset[str]:
    return frozenset(meaning for unit in units for meaning in meanings(unit))


def _parts(version: str) -> tuple[str, ...]:
    return tuple(version.split(".", _MOST_PARTS)[:_MOST_PARTS])


def _are_other_versions(
    versions: frozenset[tuple[str, ...]], others: frozenset[tuple[str, ...]]
) -> bool:
    """Whether both name versions, and none is one of the other's or a part of it: 1.2, 1.20."""
    beginnings, other_beginnings = (
        {one[:n] for one in some for n in range(1, _MOST_PARTS + 1)} for some in (versions, others)
    )
    return (
        bool(versions and others)
        and versions.isdisjoint(other_beginnings)
        and others.isdisjoint(beginnings)
    )
