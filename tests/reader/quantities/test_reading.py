"""The numbers and units of a text."""

import pytest

from answerable.reader.quantities import read_quantities
from answerable.reader.quantities.figures import Reading

_MOST_CHARS = 10_000  # of an answer


@pytest.mark.parametrize(
    ("text", "readings", "units"),
    [
        ("at most three days", [[(3.0,)]], {"day"}),
        ("12 two-hour sessions", [[(12.0,)], [(2.0,)]], {"hour"}),
        ("$1.5m", [[(1.5e6,)]], {"dollar"}),
        ("10m", [[(1e7,), (10.0,)]], set()),
        ("2 million 500 thousand", [[(2.5e6,)]], set()),
        ("1.500 million", [[(1.5e9,), (1.5e6,)]], set()),
        ("16.05.2024, 9.30 am", [[(16.0, 2024.0)], [(9.3,), ((9, 30),)]], {"may", "am"}),
        ("rooms 3,5. Euros", [[(3.5,), (3.0, 5.0)]], {"euro"}),
        ("none", [], set()),
    ],
)
def test_numbers_and_units(text: str, readings: list[list[Reading]], units: set[str]) -> None:
    """Each number with its readings, figures before words; units wherever they stand."""
    found = read_quantities(text)
    assert (found.numbers, found.units) == (tuple(map(tuple, readings)), frozenset(units))


@pytest.mark.parametrize(
    "part",
    ["1,", "1,2", "1.000.", "1.000,", "1 000 ", "16 300 ", "9.30 ", "3,4 ", "1'000'", "12:34:",
     "01.02.2024 ", "1,00,", "10m ", "7", "two hundred and ", "million ", "2 million ", "½ "],
)  # fmt: skip
def test_readings_grow_with_the_text_only(part: str) -> None:
    """No combinations are made: all readings together hold fewer numbers than the text has signs."""
    text = (part * _MOST_CHARS)[:_MOST_CHARS]
    numbers = read_quantities(text).numbers
    assert sum(len(one) for readings in numbers for one in readings) <= _MOST_CHARS
    assert max(map(len, numbers), default=0) <= 3


@pytest.mark.parametrize(
    "part", ["5 kg ", "10 pm to ", "at most 5 ", "of the age of ", "v1.2.", "-5 "]
)
def test_a_long_text_is_read_in_time(part: str) -> None:
    """Fifty thousand characters take less than a second; were it their square, this would time out."""
    assert read_quantities((part * 50_000)[:50_000]).goes_down is False
