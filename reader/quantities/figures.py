"""What a figure can mean, as the world writes figures: 1,000; 1.000; 1 000; 3,5; 9.30; 16.05.2024.

Writers differ, so a figure may have several readings. ``tokens`` and ``found`` find the figures of a text.
"""

import re
from dataclasses import dataclass, replace
from typing import Self

Value = float | tuple[int, int]
"""A number; hour and minute of a time that is not on the hour, so that 9.30 am is not 9.3."""

Reading = tuple[Value, ...]
"""The numbers that a figure stands for, several if it is a list or a date."""

_SPACES = " \N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}"
_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"

FIGURE = (
    r"\d{4}-\d\d-\d\d(?!\d)"
    r"|\d{1,2}/\d{1,2}/(?:\d{4}|\d\d)(?![\d/])"
    r"|\d{1,2}:\d\d(?!\d)"
    rf"|\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?!\d)(?:[.,]\d+)?"
    rf"|\d+(?:[.,{_APOSTROPHES}]\d+)*"
)
"""Pattern of a figure with all that is written together; one pass over any text finds them all."""

_DATE = re.compile(
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
    r"|(?P<iso_year>\d{4})-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)"
)
_SLASHED = re.compile(r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4}|\d\d)")
_TIME = re.compile(r"(?P<hour>\d{1,2})[:.](?P<minute>[0-5]\d)")
# Groups of three digits after the first, with one and the same sign between them; then a fraction.
_THOUSANDS = re.compile(
    rf"(?P<whole>[1-9]\d{{0,2}}(?P<sign>[.,{_APOSTROPHES}{_SPACES}])\d{{3}}(?:(?P=sign)\d{{3}})*)"
    r"(?:(?!(?P=sign))[.,](?P<fraction>\d+))?"
)
_LAKHS = re.compile(r"(?P<whole>\d{1,2}(?:,\d\d)+,\d{3})(?:\.(?P<fraction>\d+))?")
_DECIMAL = re.compile(r"(?P<whole>\d+)[.,](?P<fraction>\d+)")
_NO_DIGIT = re.compile(r"\D")
_PART = re.compile(r"\d+(?:\.\d+)?")
_GROUP_OF_ZEROS = re.compile(rf"[{_SPACES}]0")

_MONTHS = (
    "january february march april may june july august september october november december"
).split()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its readings, the likeliest first.

    Attributes:
        month: name of the month, if the figure is a date.
    """

    readings: tuple[Reading, ...]
    month: str | None = None

    def scaled(self, scale: float) -> Self:
        """Return the same of thousands, or whatever the scale is, if any reading is a number."""
        firsts = [one[0] for one in self.readings if len(one) == 1]
        numbers = tuple((one * scale,) for one in firsts if isinstance(one, float))
        return replace(self, readings=numbers or self.readings)

    def on_clock(self, half: str) -> Self:
        """Return the same with the hours of the whole day before those of its half, am or pm."""
        given = self.readings
        moved = tuple(_on_clock(one, half) for one in given)
        return replace(self, readings=tuple(dict.fromkeys(moved + given)))

    def or_else(self, other: Self) -> Self:
        """Return both with their readings together."""
        return replace(self, readings=self.readings + other.readings)


def read_figure(text: str, *, is_one: bool) -> Figure:
    """Return what a figure can mean.

    Args:
        text: what ``FIGURE`` matched.
        is_one: whether it counts one thing, as before a unit: then 3,5 is no list, nor 9.30 a time.
    """
    if date := _DATE.fullmatch(text):
        return _read_date(text, date)
    if slashed := _SLASHED.fullmatch(text):
        return _read_slashed(text, slashed)
    if thousands := _THOUSANDS.fullmatch(text):
        return Figure(_thousands(text, thousands))
    if lakhs := _LAKHS.fullmatch(text):
        return Figure(((_joined(lakhs),),))
    found: list[Reading] = []
    if decimal := _DECIMAL.fullmatch(text):
        found.append((_joined(decimal),))
    if (time := _TIME.fullmatch(text)) and not (found and is_one):
        found += _times(time)
    if not found or ("," in text and not is_one):
        found.append(_parts(text))
    return Figure(tuple(found))


def _read_date(text: str, date: re.Match[str]) -> Figure:
    """Return day and year, the month apart: it is written in figures here, elsewhere in words."""
    day, month = int(date["day"] or date["iso_day"]), int(date["month"] or date["iso_month"])
    if month > 12:
        day, month = month, day
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return Figure((_parts(text),))
    year = float(date["year"] or date["iso_year"])
    return Figure(((day, year),), _MONTHS[month - 1])


def _read_slashed(text: str, date: re.Match[str]) -> Figure:
    """Return day and year where only one of two numbers can be the day: 5/6 is May here, June there."""
    month, day = sorted((int(date["first"]), int(date["second"])))
    if not (1 <= month <= 12 and day <= 31 and (day > 12 or day == month)):
        return Figure((_parts(text),))
    years = (float(date["year"]), 2000.0 + float(date["year"]))[
        : 2 if len(date["year"]) == 2 else 1
    ]
    return Figure(tuple((float(day), year) for year in years), _MONTHS[month - 1])


def _thousands(text: str, match: re.Match[str]) -> tuple[Reading, ...]:
    """Return the number, and what else the figure may be: 1.234 a decimal, 16 300 two numbers."""
    number = (_joined(match),)
    if match["sign"] == "." and (decimal := _DECIMAL.fullmatch(text)):
        return number, (_joined(decimal),)
    if match["sign"] in _SPACES and not match["fraction"] and not _GROUP_OF_ZEROS.search(text):
        return number, _parts(text)
    return (number,)


def _joined(match: re.Match[str]) -> float:
    """Return the number of a whole part, whatever separates its digits, and a fraction."""
    digits = _NO_DIGIT.sub("", match["whole"])
    return float(f"{digits}.{match['fraction'] or 0}")


def _times(match: re.Match[str]) -> list[Reading]:
    """Return a time as hour and minute; with a colon as hours too, as durations are."""
    hour, minute = int(match["hour"]), int(match["minute"])
    if not minute:
        return [(float(hour),)]
    in_hours: list[Reading] = [(hour + minute / 60,)] if ":" in match[0] else []
    return [((hour, minute),), *in_hours]


def _on_clock(reading: Reading, half: str) -> Reading:
    """Return 22 for 10 pm, and what is no time as it is."""
    if len(reading) != 1:
        return reading
    value = reading[0]
    hour = value if isinstance(value, float) else float(value[0])
    if not 1 <= hour < 13:
        return reading
    moved = (hour + 12.0 * (half == "pm")) - 12.0 * (hour >= 12)
    return (moved,) if isinstance(value, float) else ((int(moved), value[1]),)


def _parts(text: str) -> Reading:
    return tuple(float(part) for part in _PART.findall(text))
