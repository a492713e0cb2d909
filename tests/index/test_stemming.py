"""Porter's algorithm, as the paper has it and as SQLite has it."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index.stemming import stem

SUFFIXES = (
    "s es ies sses ed eed ing ational tional izer alism fulness biliti logi icate ative ness "
    "ement ment ent ion ous ive ize e ll y"
).split()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caresses", "caress"),
        ("ponies", "poni"),
        ("agreed", "agre"),
        ("hopping", "hop"),
        ("filing", "file"),
        ("conflated", "conflat"),
        ("happy", "happi"),
        ("sky", "sky"),
        ("relational", "relat"),
        ("electricity", "electr"),
        ("adoption", "adopt"),
        ("controlling", "control"),
        ("probate", "probat"),
        ("rate", "rate"),
        ("is", "is"),
        ("1990s", "1990"),
    ],
)
def test_examples_of_the_paper(word: str, expected: str) -> None:
    """The words by which the paper explains its rules."""
    assert stem(word) == expected


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds(
            lambda root, suffix: root + suffix,
            st.text("abdeilnorstuvxyz", min_size=1, max_size=8),
            st.sampled_from(["", *SUFFIXES]),
        ),
        min_size=1,
        max_size=200,
        unique=True,
    )
)
def test_same_as_sqlite(words: list[str]) -> None:
    """Invented words with real suffixes have the stems that FTS5's porter gives them."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE f USING fts5(word, tokenize='porter ascii')")
    db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(f, 'instance')")
    db.executemany("INSERT INTO f (rowid, word) VALUES (?, ?)", enumerate(words))
    expected = dict(db.execute("SELECT doc, term FROM v"))
    db.close()
    assert [stem(word) for word in words] == [expected[i] for i in range(len(words))]
