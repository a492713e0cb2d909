"""What a word is, on both sides of a search."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index.words import NO_TERM, STOP_WORDS, content_terms, term_of, terms_of, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't pay, VAT-free!", ["don", "t", "pay", "vat", "free"]),
        ("Café CAFE\u0301 Ångström", ["cafe", "cafe", "angstrom"]),
        ("snake_case 0x1F 3.14", ["snake", "case", "0x1f", "3", "14"]),
        ("Straße ﬁre Ⅳ", ["strasse", "fire", "iv"]),
        ("हिन्दी", [unicodedata.normalize("NFKD", "हिनदी")]),
        ("日本の首都は?", [unicodedata.normalize("NFKD", "日本の首都は")]),
        ("\x00\ud800 ?!", []),
        ("", []),
    ],
)
def test_case_accents_and_punctuation_do_not_count(text: str, expected: list[str]) -> None:
    """Words are folded the same whether a text is ASCII or not."""
    assert words(text) == expected


@given(st.text())
def test_composed_and_decomposed_are_the_same(text: str) -> None:
    """The Unicode form of a text does not change its words."""
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_folded_like_the_rest(text: str) -> None:
    """The quick way for ASCII gives what the general one gives."""
    assert words(text) == words(f"{text} é")[:-1]


def test_terms_are_stems_in_order() -> None:
    """Forms of a word are one term; stop words are left out where content is asked for."""
    pay, leave = term_of("pay"), term_of("leave")
    assert terms_of("Pays the leave") == [pay, term_of("the"), leave]
    assert content_terms("Pays the leave") == [pay, leave]
    assert terms_of("x" * 65) == [NO_TERM]
    assert term_of("x" * 64) != NO_TERM
    assert all(words(word) == [word] for word in STOP_WORDS)
