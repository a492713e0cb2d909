"""When two answers disagree: cases as documents have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader import is_contradiction, is_right_answer


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
        ("3,5 %", "3 %"),
        ("€3,50", "€3"),
        ("1.000 Euro", "2000 Euro"),
        ("1 000 euros", "1 euro"),
        ("16.05.2024", "17 May 2024"),
        ("16.05.2024", "16 June 2024"),
        ("2024-05-16", "5 May 2024"),
        ("10k", "12,000"),
        ("$1.5m", "$1.5"),
        ("9.30 am", "9.45 am"),
        ("two thousand five hundred", "2,000"),
        ("a hundred euros", "200 euros"),
        ("can't be refunded", "can be refunded"),
        ("can’t be refunded", "can be refunded"),
        ("Dogs aren't allowed", "dogs are allowed"),
        ("dont smoke", "smoke"),
        ("none of the staff", "the staff"),
        ("neither Anna nor Tom", "Anna or Tom"),
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
        ("two thousand five hundred", "2500"),
        ("one thousand two hundred euros", "1,200 euros"),
        ("two million five hundred thousand", "2,500,000"),
        ("2 million 500 thousand", "2.5 million"),
        ("a hundred and fifty", "150"),
        ("half a million", "500,000"),
        ("between one hundred and two hundred", "100 to 200"),
        ("two and a half days", "2.5 days"),
        ("2½ days", "2.5 days"),
        ("an hour and a half", "1.5 hours"),
        ("12 two-hour sessions", "12 sessions"),
        ("twenty two-hour sessions", "20 sessions"),
        ("1.000 Euro", "1000 Euro"),
        ("25.000 €", "€25,000"),
        ("1'000", "1000"),
        ("1’000", "1000"),
        ("1 000 euros", "1,000 euros"),
        ("1\N{NO-BREAK SPACE}000 euros", "1,000 euros"),
        ("1\N{NARROW NO-BREAK SPACE}000 euros", "1,000 euros"),
        ("1\N{THIN SPACE}000 euros", "1,000 euros"),
        ("room 16 300 people", "room 16, 300 people"),
        ("1,00,000", "100,000"),
        ("3,5 %", "3.5%"),
        ("1,5 million", "1.5 million"),
        ("1.234,50 €", "€1,234.50"),
        ("9.30 am", "9:30 am"),
        ("1:30 hours", "1.5 hours"),
        ("16.05.2024", "16 May 2024"),
        ("2024-05-16", "16 May 2024"),
        ("2024-05-16", "16.05.2024"),
        ("16/05/2024", "16.05.2024"),
        ("May 5,2020", "5 May 2020"),
        ("May 5 2020", "5 May 2020"),
        ("$1.5m", "$1.5 million"),
        ("12m", "12 months"),
        ("10k", "10,000"),
        ("pages 3,4", "pages 3 and 4"),
        ("rooms 12,14", "rooms 12 and 14"),
        ("version 3.11.2", "3.11"),
        ("3,4,5k", "3,4,5k"),
        ("16.05.2024 million", "16.05.2024 million"),
        ("can't be refunded", "cannot be refunded"),
        ("isn’t allowed", "is not allowed"),
        ("what the tenant may want", "what a tenant wants"),
        ("an important tenant", "the tenant"),
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


_NUMBERS = st.text(alphabet="0123456789.,:-'  €%kmay", max_size=24)
_WORDS = st.lists(
    st.sampled_from(
        (
            "a two twenty hundred thousand million and half 3 1.000 ½ two-hour can't at most "
            "least 5 kg lb minus -5 -$5 no not more than up to after before until from 10 pm "
            "22:00 am 30 June version 1.2 1.20 Room A B I working calendar days m °C F sq ≤ 5+ or"
        ).split()
    )
).map(" ".join)


@given(st.one_of(_NUMBERS, _WORDS), st.one_of(_NUMBERS, _WORDS))
def test_it_is_so_for_numbers_too(first: str, second: str) -> None:
    """Whatever stands between digits, and in whatever order number words come."""
    assert not is_contradiction(first, first)
    assert is_contradiction(first, second) == is_contradiction(second, first)


@pytest.mark.parametrize("text", ["A", "+", "the", " a ", "A."])
def test_an_answer_of_nothing_but_articles_and_signs_can_be_right(text: str) -> None:
    """The vitamin A, the sign +: compared as they stand, without case and outer spaces."""
    assert is_right_answer(text, ["42", text.strip().swapcase()])


@pytest.mark.parametrize(
    ("text", "answers"),
    [("A", ["+"]), ("A", ["B"]), ("B", ["A"]), ("", ["A"]), ("A", [""]), ("", [""]), ("", [])],
)
def test_such_an_answer_is_right_for_no_other(text: str, answers: list[str]) -> None:
    """Nothing is left of both after normalization, and they are not the same."""
    assert not is_right_answer(text, answers)


def test_a_denied_answer_is_not_right() -> None:
    """All words but one are the same, and that one says the opposite."""
    assert not is_right_answer("It can't be refunded", ["It can be refunded"])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2500", "two thousand five hundred"),
        ("two thousand five hundred", "2,500"),
        ("€2,500", "two thousand five hundred euros"),
        ("16/05/2024", "16 May 2024"),
        ("10", "ten"),
        ("1st", "first"),
        ("12th", "twelfth"),
        ("twenty-first", "21st"),
        ("£1,200", "1200 pounds"),
        ("22:00", "10 pm"),
        ("10:30 p.m.", "22:30"),
        ("12 May 2024", "2024-05-12"),
        ("3-5 days", "3 to 5 days"),
        ("between 3 and 5 days", "3–5 days"),
        ("5km", "5 kilometres"),
        ("minus five", "-5"),
    ],
)
def test_a_right_number_may_be_written_otherwise(text: str, answer: str) -> None:
    """Not a word is shared, and the same is said."""
    assert is_right_answer(text, [answer])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Western art", "Western art from the Middle Ages to the present"),
        ("200 people", "2"),
        ("two hundred", "two"),
        ("2500 dogs", "two thousand five hundred cats"),
        ("€2,500", "two thousand five hundred dollars"),
        ("a partial refund", "art"),
        ("not after liberation but before it", "After liberation"),
        ("2500", "two thousand six hundred"),
    ],
)
def test_an_answer_that_says_something_else_is_wrong(text: str, answer: str) -> None:
    """Other numbers, units and things counted; a small part of a right answer."""
    assert not is_right_answer(text, [answer])
