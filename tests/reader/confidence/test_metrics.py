"""Calibration and selection metrics against values worked out by hand."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.reader import (
    ReliabilityBin,
    area_under_risk_coverage,
    calibration_bins,
    calibration_error_by_chance,
    coverage_at_accuracy,
    expected_calibration_error,
    false_answer_rate,
    reliability_table,
    right_within_ties,
    risk_coverage_curve,
)

PROBABILITY = np.array([0.9, 0.8, 0.8, 0.4, 0.1])
IS_RIGHT = np.array([True, True, False, True, False])


def test_reliability_table() -> None:
    """Two bins of equal mass, the less sure half first."""
    probability, is_right = np.array([0.75, 0.5, 0.25, 0.0]), np.array([True, True, True, False])
    assert reliability_table(probability, is_right, n_bins=2) == [
        ReliabilityBin(mass=0.5, probability=0.125, accuracy=0.5),
        ReliabilityBin(mass=0.5, probability=0.625, accuracy=1.0),
    ]


def test_expected_calibration_error() -> None:
    """The gaps of the bins above, 0.25 and 0.15, each half of the mass."""
    kept = [0, 1, 3, 4]
    assert expected_calibration_error(PROBABILITY[kept], IS_RIGHT[kept], n_bins=2) == (
        pytest.approx(0.5 * 0.25 + 0.5 * 0.15)
    )


def test_equal_probabilities_are_right_alike_in_any_order() -> None:
    """Half of 150 even odds are right, and so is half of each bin, however the file is sorted."""
    probability = np.full(150, 0.5)
    is_right = np.arange(150) < 75
    for labels in (is_right, ~is_right, np.arange(150) % 2 == 0):
        assert expected_calibration_error(probability, labels) == pytest.approx(0)
        assert [row.accuracy for row in reliability_table(probability, labels)] == (
            pytest.approx([0.5] * 15)
        )


def test_right_within_ties() -> None:
    """The mean of each probability, by share; a question that counts for nothing is no answer."""
    assert right_within_ties(PROBABILITY, IS_RIGHT).tolist() == [1, 0.5, 0.5, 1, 0]
    share = np.array([1.0, 3.0, 1.0, 0.0, 1.0])
    assert right_within_ties(PROBABILITY, IS_RIGHT, share).tolist() == [1, 0.75, 0.75, 0, 0]


@given(
    st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(1, 3)), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_questions_changes_no_bin(
    rows: list[tuple[int, bool, int]], random: Random
) -> None:
    """With ties, with and without shares."""
    shuffled = rows.copy()
    random.shuffle(shuffled)
    one, other = (
        (
            np.array([tenths / 10 for tenths, _, _ in order]),
            np.array([right for _, right, _ in order]),
            np.array([float(times) for _, _, times in order]),
        )
        for order in (rows, shuffled)
    )
    assert expected_calibration_error(*one, n_bins=4) == pytest.approx(
        expected_calibration_error(*other, n_bins=4)
    )
    assert expected_calibration_error(*one[:2], n_bins=4) == pytest.approx(
        expected_calibration_error(*other[:2], n_bins=4)
    )


def test_calibration_error_by_chance_shrinks_with_the_questions() -> None:
    """A hundred questions of even odds in one bin miss by 0.04: half a normal deviation of 0.05."""
    even = np.full(100, 0.5)
    assert calibration_error_by_chance(even, 1) == pytest.approx(0.04, abs=0.006)
    assert calibration_error_by_chance(np.full(10_000, 0.5), 1) < 0.006
    assert calibration_error_by_chance(np.array([0.0, 1.0]), 1) == 0.0


@pytest.mark.parametrize(("n", "bins"), [(1, 3), (56, 5), (150, 15), (5000, 15)])
def test_bins_hold_ten_questions_each(n: int, bins: int) -> None:
    """Three at least, and fifteen at most."""
    assert calibration_bins(n) == bins


def test_risk_coverage_curve() -> None:
    """Questions of equal probability pass together."""
    curve = risk_coverage_curve(PROBABILITY, IS_RIGHT)
    assert curve.threshold.tolist() == [0.9, 0.8, 0.4, 0.1]
    assert curve.coverage == pytest.approx([0.2, 0.6, 0.8, 1.0])
    assert curve.risk == pytest.approx([0, 1 / 3, 1 / 4, 2 / 5])


def test_area_under_risk_coverage() -> None:
    """Each step's width times its risk."""
    expected = 0.4 * (1 / 3) + 0.2 * (1 / 4) + 0.2 * (2 / 5)
    assert area_under_risk_coverage(PROBABILITY, IS_RIGHT) == pytest.approx(expected)


@pytest.mark.parametrize(("accuracy", "coverage"), [(1.0, 0.2), (0.75, 0.8), (0.6, 1.0)])
def test_coverage_at_accuracy(accuracy: float, coverage: float) -> None:
    """The largest coverage counts, even where a smaller one is less accurate."""
    assert coverage_at_accuracy(PROBABILITY, IS_RIGHT, accuracy) == pytest.approx(coverage)


def test_no_threshold_is_accurate_enough() -> None:
    """Where even the surest answer is wrong, nothing can be answered."""
    assert coverage_at_accuracy(np.array([0.9, 0.1]), np.array([False, True]), 0.8) == 0.0


def test_what_is_never_answered_is_in_no_coverage() -> None:
    """Ninety right answers, and ten questions that no threshold lets through: 90%, not all."""
    probability = np.concatenate([np.full(90, 0.8), np.full(10, -np.inf)])
    assert coverage_at_accuracy(probability, np.arange(100) < 90, 0.9) == 0.9
    assert coverage_at_accuracy(np.full(5, -np.inf), np.zeros(5, bool), 0.8) == 0.0


def test_false_answer_rate() -> None:
    """The share of unanswerable questions at or above the threshold."""
    is_answerable = np.array([True, False, True, False, False])
    assert false_answer_rate(PROBABILITY, is_answerable, 0.4) == pytest.approx(2 / 3)
    assert false_answer_rate(PROBABILITY, np.ones(5, bool), 0.4) == 0.0


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.integers(1, 4)), min_size=1, max_size=30
    )
)
def test_share_counts_a_question_more_than_once(rows: list[tuple[int, bool, int]]) -> None:
    """A question of share 3 is the same question asked three times; area and coverage agree."""
    probability = np.array([tenths / 10 for tenths, _, _ in rows])
    is_right = np.array([right for _, right, _ in rows])
    times = np.array([n for _, _, n in rows])
    repeated = np.repeat(probability, times), np.repeat(is_right, times)
    share = times.astype(np.float64)
    assert area_under_risk_coverage(probability, is_right, share) == pytest.approx(
        area_under_risk_coverage(*repeated)
    )
    assert coverage_at_accuracy(probability, is_right, 0.7, share) == pytest.approx(
        coverage_at_accuracy(*repeated, 0.7)
    )
    assert expected_calibration_error(probability, is_right, share, 1) == pytest.approx(
        expected_calibration_error(*repeated, n_bins=1)
    )
