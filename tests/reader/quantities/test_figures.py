"""What one figure can mean, by hand-made cases."""

import pytest

from answerable.reader.quantities.figures import Figure, Reading, read_figure


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1000", [(1000.0,)]),
        ("1,000", [(1000.0,)]),
        ("1,234.50", [(1234.5,)]),
        ("1.234,50", [(1234.5,)]),
        ("1.234.567", [(1234567.0,)]),
        ("1'000", [(1000.0,)]),
        ("12,34,567", [(1234567.0,)]),
        ("1 000", [(1000.0,)]),
        ("1.000", [(1000.0,), (1.0,)]),
        ("0.125", [(0.125,)]),
        ("16 300", [(16300.0,), (16.0, 300.0)]),
        ("3,5", [(3.5,), (3.0, 5.0)]),
        ("3,5,7", [(3.0, 5.0, 7.0)]),
        ("5,2020", [(5.202,), (5.0, 2020.0)]),
        ("9.30", [(9.3,), ((9, 30),)]),
        ("9:30", [((9, 30),), (9.5,)]),
        ("9:00", [(9.0,)]),
        ("9:75", [(9.0, 75.0)]),
        ("3.11.2", [(3.11, 2.0)]),
        ("2024-13-32", [(2024.0, 13.0, 32.0)]),
    ],
)
def test_a_figure_has_all_its_readings(text: str, readings: list[Reading]) -> None:
    """Where writers differ, each way to read it is kept."""
    assert read_figure(text, is_one=False) == Figure(tuple(readings))


@pytest.mark.parametrize(
    ("text", "reading"), [("3,5", (3.5,)), ("9.30", (9.3,)), ("3,5,7", (3.0, 5.0, 7.0))]
)
def test_what_counts_one_thing_is_no_list_and_no_time(text: str, reading: Reading) -> None:
    """Before a unit a comma between two numbers is a decimal comma, a point no colon."""
    assert read_figure(text, is_one=True) == Figure((reading,))


@pytest.mark.parametrize("text", ["16.05.2024", "16.5.2024", "05.16.2024", "2024-05-16"])
def test_a_date_has_its_month(text: str) -> None:
    """Day and year are its numbers; a month above twelve is a day."""
    assert read_figure(text, is_one=False) == Figure(((16.0, 2024.0),), month="may")


@pytest.mark.parametrize(
    ("text", "readings", "month"),
    [
        ("16/05/2024", [(16.0, 2024.0)], "may"),
        ("5/16/2024", [(16.0, 2024.0)], "may"),
        ("5/5/2024", [(5.0, 2024.0)], "may"),
        ("16/05/24", [(16.0, 24.0), (16.0, 2024.0)], "may"),
        ("05/06/2024", [(5.0, 6.0, 2024.0)], None),
        ("32/01/2024", [(32.0, 1.0, 2024.0)], None),
    ],
)
def test_a_date_with_slashes_has_its_month_where_only_one_number_can_be_it(
    text: str, readings: list[Reading], month: str | None
) -> None:
    """5/6 is in May to some and in June to others; a year of two digits may be of this century."""
    assert read_figure(text, is_one=False) == Figure(tuple(readings), month)


def test_a_scale_leaves_lists_and_times_out() -> None:
    """Thousands are counted, times and lists are not."""
    figure = Figure(((1000.0,), (1.0,), (3.0, 4.0), ((9, 30),)))
    assert figure.scaled(1e3) == Figure(((1e6,), (1e3,)))


def test_what_is_no_number_has_no_scale() -> None:
    """A list, a version or a date stays what it is, whatever follows it."""
    figure = read_figure("3,4,5", is_one=True)
    assert figure.scaled(1e3) == figure


@pytest.mark.parametrize(
    ("text", "half", "readings"),
    [
        ("10", "pm", [(22.0,), (10.0,)]),
        ("10", "am", [(10.0,)]),
        ("12", "pm", [(12.0,)]),
        ("12", "am", [(0.0,), (12.0,)]),
        ("10:30", "pm", [((22, 30),), (22.5,), ((10, 30),), (10.5,)]),
        ("22", "pm", [(22.0,)]),
        ("3,4,5", "pm", [(3.0, 4.0, 5.0)]),
    ],
)
def test_half_of_the_day(text: str, half: str, readings: list[Reading]) -> None:
    """Hours of the whole day come before those of its half; what is no time stays."""
    assert read_figure(text, is_one=False).on_clock(half) == Figure(tuple(readings))
