import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import STOP_WORDS
from answerable.retriever import question_terms


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("What is the notice period?", ("notice", "period")),
        ("Who doesn't pay VAT, and why?", ("pay", "vat")),
        ("What's Ann's e-mail?", ("ann", "e", "mail")),
        ("error 0x1F in snake_case", ("error", "0x1f", "snake", "case")),
        ("Grüße aus Köln", ("grüße", "aus", "köln")),
        ("日本の首都は?", ("日本の首都は",)),
        ("हिन्दी में", ("हिन्दी", "में")),
        ("cafe\u0301 prices", ("cafe\u0301", "prices")),
        ("pay pay PAY", ("pay", "pay", "pay")),
        ('"leave" AND (NOT sick*) OR near:x^2', ("leave", "sick", "near", "x", "2")),
    ],
)
def test_words_that_carry_meaning(question: str, terms: tuple[str, ...]) -> None:
    """Terms are lower-cased words in order, without stop words or punctuation."""
    assert question_terms(question) == terms


def test_a_question_of_stop_words_keeps_them() -> None:
    """When every word is a stop word, all of them are searched for."""
    assert question_terms("Who are you?") == ("who", "are", "you")


@pytest.mark.parametrize("question", ["", " \t\r\n", "?!…", "\x00", "\ud800", "🎉"])
def test_no_words_give_no_terms(question: str) -> None:
    """A question without a letter or digit has no terms."""
    assert question_terms(question) == ()


def test_the_longest_of_many_words_are_kept_in_order() -> None:
    """Beyond 64 distinct words the shorter ones are left out; order stays."""
    short = [f"a{i}" for i in range(10, 72)]
    long = [f"longer{i}" for i in range(10, 74)]
    mixed = [word for pair in zip(short, long, strict=False) for word in pair] + long[62:]
    assert question_terms(" ".join(mixed)) == tuple(long)


def test_a_very_long_run_is_not_a_word() -> None:
    """A run of letters beyond 64 is left out, and the words beside it stay."""
    assert question_terms(f"find {'x' * 65} here") == ("find", "here")


@given(st.text())
def test_any_text_gives_bounded_plain_words(question: str) -> None:
    """Whatever the text, terms are few, short, and free of punctuation and space."""
    terms = question_terms(question)
    assert len(set(terms)) <= 64
    assert all(terms.count(term) <= 5 for term in terms)
    assert all(0 < len(term) <= 64 for term in terms)
    assert not any(char.isspace() or char in "\"'*()^:-+" for term in terms for char in term)
    assert set(terms).isdisjoint(STOP_WORDS) or set(terms) <= STOP_WORDS


def test_a_megabyte_is_read_in_part() -> None:
    """Of a huge question only the beginning is read; the end adds no term."""
    assert question_terms("pay " * 250_000 + "needle") == ("pay",) * 5
