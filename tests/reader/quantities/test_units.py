"""The table of units."""

import pytest

from answerable.reader.quantities import units
from answerable.reader.quantities.units import meanings, unit_behind_number


@pytest.mark.parametrize(
    ("words", "unit", "n_words"),
    [
        (("kg",), "kilogram", 1),
        (("kilograms", "of", "flour"), "kilogram", 1),
        (("degrees", "celsius"), "celsius", 2),
        (("degrees", "east"), None, 0),
        (("working", "days"), "working day", 2),
        (("calendar", "months"), "month", 2),
        (("working", "hours"), "hour", 2),
        (("square", "m"), "square metre", 2),
        (("sq", "ft"), "square foot", 2),
        (("m", "euros"), "euro", 2),
        (("m", "people"), "m", 1),
        (("cats",), None, 1),
        (("square",), None, 1),
        ((), None, 0),
    ],
)
def test_unit_behind_a_number(words: tuple[str, ...], unit: str | None, n_words: int) -> None:
    """One word, or two that belong together; what is not in the table is none."""
    found, n_found = unit_behind_number(words)
    assert (found, n_found if found else n_words) == (unit, n_words)


def test_no_spelling_is_of_two_units() -> None:
    """A word that stood in two lines of the table would silently be the later one."""
    spelt = [word for words in units._MEASURES.values() for word in words.split()]
    assert len(spelt) == len(set(spelt))
    shared = {word for word in spelt if word in units.UNIT_OF}
    assert not shared


def test_what_may_be_two_things_has_both_meanings() -> None:
    """Pounds are money or a weight, a day may be a working day; a kilogram is a kilogram."""
    assert meanings("lb") < meanings("pound")
    assert meanings("working day") < meanings("day")
    assert meanings("kilogram") == {"kilogram"}
