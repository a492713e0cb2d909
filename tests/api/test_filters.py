"""Filters from outside: what they mean, and what is refused with a clear line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.api import (
    AnswerableError,
    CollectionInvalid,
    FilterInvalid,
    SearchFilters,
    metadata_of,
    where_of,
)
from answerable.api.filters import MAX_DOCUMENTS, MAX_VALUES, checked_filters
from answerable.index import Filters, MetadataEquals, MetadataInvalid
from tests.api.fakes import open_engine


def test_all_filters_become_those_of_the_index() -> None:
    """Dates stand for whole days in UTC; repeats are dropped; values become text."""
    given_filters = SearchFilters(
        collections=["hr", "it", "hr"],
        documents=[3, 1],
        media_types=["text/html"],
        since="2024-05-01",
        until="2024-05-31",
        metadata={"dept.name": "HR", "year": 2024, "final": True},
    )
    assert checked_filters(given_filters, None, ["user:ann"]) == Filters(
        collections=("hr", "it"),
        document_ids=(3, 1),
        media_types=("text/html",),
        since="2024-05-01T00:00:00+00:00",
        until="2024-05-31T23:59:59+00:00",
        metadata=(
            MetadataEquals("dept.name", "HR"),
            MetadataEquals("year", "2024"),
            MetadataEquals("final", "true"),
        ),
        principals=("user:ann",),
    )
    assert checked_filters(None, None, None) == Filters()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T12:30:00Z", "2024-05-01T12:30:00+00:00"),
        ("2024-05-01T12:30:00+02:00", "2024-05-01T10:30:00+00:00"),
        ("2024-05-01T12:30", "2024-05-01T12:30:00+00:00"),
    ],
)
def test_times_are_brought_to_utc(text: str, expected: str) -> None:
    """A time with a zone is converted; one without is in UTC."""
    assert checked_filters(SearchFilters(since=text), None, None).since == expected


def test_one_collection_and_several_must_both_hold() -> None:
    """The short way narrows the long one further."""
    several = SearchFilters(collections=["hr", "it"])
    assert checked_filters(several, "hr", None).collections == ("hr",)
    assert checked_filters(several, "x", None).collections == ()
    assert checked_filters(None, "x", None).collections == ("x",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"collections": []}, "collections is empty"),
        ({"collections": ["x"] * (MAX_VALUES + 1)}, "has 101 values"),
        ({"documents": []}, "documents is empty"),
        ({"documents": [0]}, "0 is not the id"),
        ({"documents": [2**63]}, "is not the id"),
        ({"documents": list(range(1, MAX_DOCUMENTS + 2))}, "10,001 values; at most 10,000"),
        ({"media_types": [""]}, "is not a media type"),
        ({"media_types": ["a\nb"]}, "is not a media type"),
        ({"since": "yesterday"}, "since 'yesterday' is not a date"),
        ({"until": "2024-13-01"}, "until '2024-13-01' is not a date"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "is not a date"),
        ({"since": "2024-02-01", "until": "2024-01-31"}, "swap them"),
        ({"metadata": {"": "x"}}, "is not one"),
        ({"metadata": {"a": {"b": 1}}}, "of type dict"),
        ({"metadata": {"a": "x" * 2000}}, "at most 1,000"),
        ({"metadata": {str(i): 1 for i in range(101)}}, "more than 100 keys"),
    ],
)
def test_impossible_filters_are_refused(values: dict[str, Any], message: str) -> None:
    """Each refusal names the filter and says what to do."""
    with pytest.raises(FilterInvalid, match=message):
        checked_filters(SearchFilters(**values), None, None)


def test_bad_collection_in_a_list_is_refused() -> None:
    """Names in a list are checked like a single one."""
    with pytest.raises(CollectionInvalid):
        checked_filters(SearchFilters(collections=[" "]), None, None)


def test_metadata_of_pairs() -> None:
    """Dots nest, a key given twice is a list, and the rest of a value may hold anything."""
    assert metadata_of(["author=Ann", "dept.name=HR", "dept.floor=3", "tag=a", "tag=b", "x=="]) == {
        "author": "Ann",
        "dept": {"name": "HR", "floor": "3"},
        "tag": ["a", "b"],
        "x": "=",
    }
    assert where_of(["dept.name=HR", "x="]) == {"dept.name": "HR", "x": ""}


@pytest.mark.parametrize("pairs", [["author"], ["a=1", "a.b=2"], ["a.b=1", "a=2"]])
def test_pairs_that_contradict_are_refused(pairs: list[str]) -> None:
    """A pair without ``=``, and a key that is both a value and an object."""
    with pytest.raises(FilterInvalid):
        metadata_of(pairs)


def test_paths_without_a_name_are_refused() -> None:
    """An empty key, or an empty part of one, is no path; two values for one key cannot hold."""
    for pair in ("=x", "a.=x", ".a=x"):
        with pytest.raises(MetadataInvalid):
            metadata_of([pair])
        with pytest.raises(MetadataInvalid):
            where_of([pair])
    with pytest.raises(FilterInvalid, match="given twice"):
        where_of(["a=1", "a=2"])


@given(path=st.text(max_size=30), value=st.text(max_size=30), since=st.text(max_size=30))
def test_hostile_text_is_compared_or_refused(path: str, value: str, since: str) -> None:
    """Whatever comes, it is one of our errors or a filter that holds it as a value."""
    try:
        filters = checked_filters(SearchFilters(metadata={path: value}), None, None)
    except AnswerableError:
        return
    assert filters.metadata == (MetadataEquals(path, value),)
    try:
        checked_filters(SearchFilters(since=since), None, None)
    except FilterInvalid:
        return


def test_metadata_told_at_ingest_is_filtered_by(tmp_path: Path) -> None:
    """Told once, changed by the next ingest without reading the file again, and found by it."""
    file = tmp_path / "note.txt"
    file.write_text("The cat sleeps at noon.")
    with open_engine(tmp_path / "index") as engine:
        engine.ingest([file], metadata={"author": "Ann", "dept": {"name": "HR"}})

        def found(**filters: Any) -> int:
            return len(engine.search("cat", filters=SearchFilters(**filters)).hits)

        assert found(metadata={"author": "Ann", "dept.name": "HR"}) == 1
        assert found(metadata={"author": "Bob"}) == 0
        report = engine.ingest([file], metadata={"author": "Bob"})
        assert (report.updated, report.passages) == (1, 0)
        assert found(metadata={"author": "Bob"}) == 1
        assert found(metadata={"dept.name": "HR"}) == 0
        assert engine.ingest([file], metadata={"author": "Bob"}).unchanged == 1
        assert found(media_types=["text/plain"], since="2000-01-01", documents=[1]) == 1
        assert found(until="2000-01-01") == 0
        asked = engine.ask("cat?", filters=SearchFilters(metadata={"author": "Ann"}))
        assert asked.reason == "no_passages"


def test_bad_metadata_stops_an_ingest_before_it_begins(tmp_path: Path) -> None:
    """What cannot be stored is refused once, not for each file."""
    with open_engine(tmp_path / "index") as engine:
        with pytest.raises(MetadataInvalid, match="of type object"):
            engine.ingest([tmp_path], metadata={"a": object()})
        assert engine.status().documents == 0
