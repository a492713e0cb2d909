"""What an answer can consist of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader.signs import says_something


@pytest.mark.parametrize(
    "text",
    [
        *["A", "7", "½", "second", "न", "C++", "(a)", '"no"', "…then"],
        *["+", "=", "<", "€", "$", "°", "→", "😀", "^", "==", "->", "||"],
        *["%", "#", "&", "*", "@", "/", "\\", "§", "‰", "†", '"%"', "**"],
        *["％", "﹪", "＆", "٪"],
    ],
)
def test_words_numbers_and_signs_with_a_name_say_something(text: str) -> None:
    """Letters and digits, symbols, and the signs that people read aloud, in quotes or not."""
    assert says_something(text)


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "\n\t", "\u00a0", "\u200b", "\ufeff", "\u0301"],
        *[".", ",", ");", "?!", ":", "::", "...", "…", "•", "·"],
        *['"', "'", "“", "”", "’", "«", "「", "()", "[ ]", "{}"],
        *["-", "–", "—", "---", "_", "。", "、", "，", "؟", "।"],
    ],
)
def test_punctuation_and_space_say_nothing(text: str) -> None:
    """Marks that only divide, quote or bracket words, whatever their script; and no mark at all."""
    assert not says_something(text)


@given(st.text(max_size=8), st.text(max_size=8))
def test_a_text_says_what_its_parts_say(first: str, second: str) -> None:
    """What is added to a text takes no meaning from it, and gives it none that it lacks."""
    assert says_something(first + second) == (says_something(first) or says_something(second))
