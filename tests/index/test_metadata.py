"""Metadata as pairs of path and text: what is taken, and what is refused."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import Metadata, MetadataInvalid, checked_path, value_text
from answerable.index.metadata import MAX_PAIRS, MAX_VALUE_CHARS, metadata_json, metadata_pairs

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


def test_pairs_of_a_nested_object() -> None:
    """Keys are joined by dots, lists give a pair for each element, values become text."""
    metadata = {
        "author": "Ann",
        "dept": {"name": "HR", "floor": 3},
        "tags": ["b", "a", "b"],
        "final": True,
        "score": 0.5,
        "gone": None,
        "nothing": {},
    }
    assert metadata_pairs(metadata) == [
        ("author", "Ann"),
        ("dept.floor", "3"),
        ("dept.name", "HR"),
        ("final", "true"),
        ("gone", "null"),
        ("score", "0.5"),
        ("tags", "a"),
        ("tags", "b"),
    ]
    assert metadata_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}'


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"": 1}, "is not a name"),
        ({1: 1}, "is not a name"),
        ({"a": {"": 1}}, "is not a name"),
        ({"a..b": 1}, "is not one"),
        ({"a\n": 1}, "is not one"),
        ({"a" * 201: 1}, "is not one"),
        ({"a": b"x"}, "of type bytes"),
        ({"a": math.nan}, "JSON cannot hold"),
        ({"a": 10**5000}, "JSON cannot hold"),
        ({"a": "x" * (MAX_VALUE_CHARS + 1)}, "at most 1,000 characters"),
        ({"a": "\ud800"}, "valid text"),
        ({str(i): i for i in range(MAX_PAIRS + 1)}, "more than 100 values"),
        ({"a": [[[[[[[[[1]]]]]]]]]}, "nested more than 8 deep"),
    ],
)
def test_what_cannot_be_compared_is_refused(metadata: Metadata, message: str) -> None:
    """Each refusal says what is wrong."""
    with pytest.raises(MetadataInvalid, match=message):
        metadata_pairs(metadata)
    with pytest.raises(MetadataInvalid, match=message):
        metadata_json(metadata)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_any_json_is_stored_or_refused(metadata: Metadata) -> None:
    """No JSON object fails in another way; what is stored comes back, and can be filtered by."""
    try:
        pairs = metadata_pairs(metadata)
    except MetadataInvalid:
        return
    assert json.loads(metadata_json(metadata)) == metadata
    for path, value in pairs:
        assert (checked_path(path), value_text(value)) == (path, value)
