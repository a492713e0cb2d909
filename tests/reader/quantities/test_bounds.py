"""What is the most and what the least."""

import pytest

from answerable.reader.quantities.bounds import are_opposed, bounds_of


def _bounds(text: str) -> set[str]:
    """Return the bounds of the number that stands as N; other numbers are #."""
    before, behind = text.split("N")
    return set(bounds_of(before.split()[-8:], behind.split()[:8]))


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("at most N", {"most"}),
        ("a maximum of about N", {"most"}),
        ("no less than N", {"least"}),
        ("may not be more than N", {"most"}),
        ("over the age of N", {"least"}),
        ("over the next N", set()),
        ("up to N", {"most", "until"}),
        ("until # june N", set()),
        ("before monday N", {"until"}),
        ("not before the N", {"from"}),
        ("did not begin until N", set()),
        ("N days or more", {"least"}),
        ("N years of age and over", {"least"}),
        ("N days at least # people", set()),
        ("N days # or more", set()),
        ("N years at the latest", {"until"}),
        ("N", set()),
        ("exactly N days", set()),
    ],
)
def test_bounds_of_a_number(text: str, bounds: set[str]) -> None:
    """What stands right before it, or behind its unit; a "not" turns it round."""
    assert _bounds(text) == bounds


@pytest.mark.parametrize(
    ("text", "other", "is_opposed"),
    [
        ("at most N", "at least N", True),
        ("up to N", "N or more", True),
        ("until N", "after N", True),
        ("until N", "at least N", False),
        ("more than N", "over N", False),
        ("at least N at most", "at least N", False),
        ("N", "at most N", False),
    ],
)
def test_opposed_bounds(text: str, other: str, is_opposed: bool) -> None:
    """An end and a beginning of one kind; a number that is both opposes nothing."""
    one, two = (bounds_of(t.split("N")[0].split(), t.split("N")[1].split()) for t in (text, other))
    assert are_opposed(one, two) is is_opposed
    assert are_opposed(two, one) is is_opposed
