"""When two answers disagree: cases as documents have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader import is_contradiction


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("three days", "two days per week"),
        ("28 days", "30 days"),
        ("€400", "450 euros"),
        ("1,000", "10,000"),
        ("2 days", "2 weeks"),
        ("1 May 2024", "1 June 2024"),
        ("in 2021", "in 2022"),
        ("twenty-eight", "twenty"),
        ("two hundred and fifty pounds", "200 pounds"),
        ("3.5%", "3%"),
        ("9:30 am", "9 am"),
        ("9 am", "9 pm"),
        ("Anna Weber", "Tom Lindqvist"),
        ("the head of finance", "the head of sales"),
        ("permitted", "not permitted"),
        ("Harbour Lane garage", "the Mill Street car park"),
    ],
)
def test_different_things_contradict(first: str, second: str) -> None:
    """Other numbers, units, names, or a negation: both ways round."""
    assert is_contradiction(first, second)
    assert is_contradiction(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("three days", "3 days"),
        ("three days", "three days per week"),
        ("€400", "400 euros"),
        ("1,000", "1000"),
        ("1.5 million", "1,500,000"),
        ("two hundred and fifty", "250"),
        ("twenty-eight days", "28"),
        ("16 May 2024", "May 2024"),
        ("the 3rd", "third"),
        ("9:00", "9 am"),
        ("10%", "ten percent"),
        ("Anna Weber", "Ms. Weber"),
        ("the head of department", "department heads"),
        ("HR", "Human Resources"),
        ("wi-fi", "WiFi"),
        ("three days", "unlimited"),
        ("the", "an"),
        ("", "Anna"),
        ("at most three days", "three days"),
        ("by assuming the task of interpreting treaties and speeding integration", "by precedent"),
    ],
)
def test_two_ways_to_say_one_thing_agree(first: str, second: str) -> None:
    """Figures and words, longer and shorter forms, and what cannot be compared."""
    assert not is_contradiction(first, second)
    assert not is_contradiction(second, first)


@given(st.text(max_size=40), st.text(max_size=40))
def test_it_is_symmetric_and_nothing_contradicts_itself(first: str, second: str) -> None:
    """Any text agrees with itself, and the order does not matter."""
    assert not is_contradiction(first, first)
    assert is_contradiction(first, second) == is_contradiction(second, first)
