"""Numbers in words, put together."""

import pytest

from answerable.reader.quantities.words import SCALES, VALUES, NumberWords


@pytest.mark.parametrize("value", [0, 7, 10, 13, 20, 42, 100, 105, 250, 999, 1000, 1001, 1200])
@pytest.mark.parametrize("thousands", [0, 1, 15, 300, 999])
def test_every_number_is_itself(value: int, thousands: int) -> None:
    """A number that is spelt out and put together is the number that was meant."""
    number = value + thousands * 1000
    assert _heard(_spelt(number)) == [number]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("two million five hundred thousand", [2_500_000]),
        ("twelve hundred fifty", [1250]),
        ("two thousand million", [2_000_000_000]),
        ("twelve three", [12, 3]),
        ("twenty twelve", [20, 12]),
        ("one hundred two hundred", [100, 200]),
        ("one thousand two thousand", [1000, 2000]),
        ("one thousand one hundred two hundred", [1100, 200]),
        ("hundred", []),
        ("million five", [5]),
    ],
)
def test_what_does_not_fit_begins_a_number(words: str, numbers: list[float]) -> None:
    """Of two numbers that follow each other, each is whole."""
    assert _heard(words) == numbers


def _heard(text: str) -> list[float]:
    words = NumberWords()
    for word in text.split():
        if word in SCALES:
            words.add_scale(SCALES[word])
        else:
            words.add_value(VALUES[word])
    words.finish()
    return words.finished


def _spelt(number: int) -> str:
    """Return a number below ten millions in words."""
    for scale, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= scale:
            rest = f" {_spelt(number % scale)}" if number % scale else ""
            return f"{_spelt(number // scale)} {name}{rest}"
    word_of = {value: word for word, value in reversed(VALUES.items())}
    if number in word_of:
        return word_of[number]
    return f"{word_of[number - number % 10]} {word_of[number % 10]}"
