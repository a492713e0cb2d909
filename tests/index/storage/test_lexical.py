"""Word search: any string is safe, and the right passages come first."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.index import Filters
from answerable.index.bm25 import MAX_REPEATS, MAX_TERMS, query_terms
from answerable.index.local import LocalIndex
from tests.fakes import HashEncoder
from tests.index.samples import new_document, put, put_texts

FILLER = {f"filler{i}": [f"nothing of note number{i}"] for i in range(8)}
KEEP_INDEX = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _found(index: LocalIndex, terms: list[str], filters: Filters | None = None) -> list[str]:
    filters = filters or Filters()
    hits = index.lexical_search(terms, 10, filters)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    passages = index.passages([hit.passage_id for hit in hits], filters)
    return [passage.text for passage in passages]


@KEEP_INDEX
@given(terms=st.lists(st.text(st.characters(codec=None)), max_size=8))
def test_any_string_is_safe(index: LocalIndex, terms: list[str]) -> None:
    """Any characters are text: control characters, quotes and surrogates included."""
    assert index.lexical_search(terms, 5, Filters()) == []


@pytest.mark.parametrize(
    "term", ['"', "'", "*", "cat*", 'a"b', "NEAR(", "title:cat", "cat AND", "-", "^", "\0cat", "{}"]
)
def test_syntax_of_other_engines_is_plain_text(
    index: LocalIndex, encoder: HashEncoder, term: str
) -> None:
    """Operators neither fail nor keep the other terms from matching."""
    put_texts(index, encoder, {"a": ["the office cat"], **FILLER})
    assert _found(index, [term, "office"]) == ["the office cat"]


def test_any_term_is_enough_and_more_are_better(index: LocalIndex, encoder: HashEncoder) -> None:
    """Passages with any of the terms are found; the one with both is first."""
    texts = ["salaries are paid monthly", "salaries and leave", "leave of absence"]
    put_texts(index, encoder, {"a": texts, **FILLER})
    found = _found(index, ["salary", "leave"])
    assert found[0] == "salaries and leave"
    assert sorted(found) == sorted(texts)


def test_accents_and_word_forms_do_not_matter(index: LocalIndex, encoder: HashEncoder) -> None:
    """A word is found by its stem, with or without its diacritics, composed or not."""
    put_texts(index, encoder, {"a": ["the cafe\u0301s opened"], **FILLER})
    assert _found(index, ["caf\u00e9"]) == ["the cafe\u0301s opened"]


def test_operators_in_lower_case_are_words(index: LocalIndex, encoder: HashEncoder) -> None:
    """The words "or", "and" and "not" are searched for like others."""
    put_texts(index, encoder, {"a": ["now or never"], **FILLER})
    assert _found(index, ["or"]) == ["now or never"]


def test_title_counts_more_than_text(index: LocalIndex, encoder: HashEncoder) -> None:
    """Of two passages that differ in where the word stands, the titled one is first."""
    titled = new_document("t", ["one two three"], title="minou")
    plain = new_document("p", ["one two minou"], title="three")
    fillers = [new_document(uri, texts) for uri, texts in FILLER.items()]
    put(index, [plain, titled, *fillers], encoder)
    assert _found(index, ["minou"]) == ["one two three", "one two minou"]


def test_nothing_to_search_for(index: LocalIndex, encoder: HashEncoder) -> None:
    """No terms, terms without a letter or digit, and k of 0 find nothing."""
    put_texts(index, encoder, {"a": ["text"]})
    assert index.lexical_search([], 5, Filters()) == []
    assert index.lexical_search(["?!", "", " "], 5, Filters()) == []
    assert index.lexical_search(["text"], 0, Filters()) == []


def test_queries_are_bounded() -> None:
    """Many different words, and one that is repeated, count up to a limit."""
    assert len(set(query_terms(["pay", "b", "pays"]))) == 2
    assert len(query_terms(["pay", "b", "pays"])) == 3
    assert len(query_terms([f"w{i}" for i in range(100_000)])) == MAX_TERMS
    assert len(query_terms(["pay"] * 100_000)) == MAX_REPEATS
    assert len(query_terms(["pay " * 100_000])) == MAX_REPEATS


def test_filters_are_inside_the_search(index: LocalIndex, encoder: HashEncoder) -> None:
    """Better but forbidden passages do not use up the k that may be seen."""
    hidden = [
        new_document(f"h{i}", ["cat"], principals=("user:ann",), collection="hr") for i in range(5)
    ]
    shown = new_document("s", ["a long passage that mentions the cat only once"])
    put(index, [*hidden, shown, *(new_document(u, t) for u, t in FILLER.items())], encoder)
    nobody, ann = Filters(principals=()), Filters(principals=("user:ann",))
    assert len(index.lexical_search(["cat"], 1, nobody)) == 1
    assert _found(index, ["cat"], nobody) == [shown.passages[0].text]
    assert len(_found(index, ["cat"], ann)) == 6
    assert len(_found(index, ["cat"], Filters(collections=("hr",)))) == 5
