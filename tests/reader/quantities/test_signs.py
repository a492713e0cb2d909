"""Minus, and what only looks like it."""

import pytest

from answerable.reader.quantities import read_quantities


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("-5 degrees", [[-5.0]]),
        ("−5 °C", [[-5.0]]),
        ("–5", [[-5.0, 5.0]]),
        ("-$5", [[-5.0]]),
        ("(-5)", [[-5.0]]),
        ("minus 5", [[-5.0]]),
        ("minus twenty-five", [[-25.0]]),
        ("negative 2 million", [[-2e6]]),
        ("between -5 and -3", [[-5.0], [-3.0]]),
        ("at -5", [[-5.0]]),
        ("fee -5 euros", [[-5.0, 5.0]]),
        ("3-5 days", [[3.0], [5.0]]),
        ("3 -5 days", [[3.0], [5.0]]),
        ("- 5 euros", [[5.0]]),
        ("covid-19", [[19.0]]),
        ("$5", [[5.0]]),
        ("±5", [[5.0]]),
    ],
)
def test_signs(text: str, values: list[list[float]]) -> None:
    """A dash right before a number that begins the text, or follows a word as between, is minus."""
    numbers = read_quantities(text).numbers
    assert [[one[0] for one in readings] for readings in numbers] == values


@pytest.mark.parametrize("text", ["a loss of 5", "5 degrees below zero", "a 5% discount"])
def test_words_that_take_the_place_of_a_sign(text: str) -> None:
    """A loss of 5 may be what another text calls -5."""
    assert read_quantities(text).goes_down
