"""Codes of weights: near the weights, and safe on processors that add pairs in 16 bits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.reader.conversion.bert_model import Floats
from answerable.reader.conversion.weight_codes import weight_codes


def _weight(seed: int, rows: int, columns: int, outlier: float = 1.0) -> Floats:
    random = np.random.default_rng(seed)
    weight = random.standard_normal((rows, columns)).astype(np.float32)
    weight[random.integers(0, rows)] *= outlier
    return weight


def _ones(weight: Floats) -> Floats:
    return np.ones(len(weight), np.float32)


@settings(max_examples=50)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(1, 40),
    columns=st.integers(1, 5),
    outlier=st.sampled_from([0.0, 1.0, 100.0]),
    bits=st.sampled_from([7, 8]),
)
def test_saturating_sums_are_exact(
    seed: int, rows: int, columns: int, outlier: float, bits: int
) -> None:
    """Neighbours times the largest byte fit into 16 bits, so nothing is ever cut off."""
    weight = _weight(seed, rows, columns, outlier)
    steps = weight_codes(weight, _ones(weight), bits).steps.astype(np.int32)
    even, odd = steps[0 : rows - 1 : 2], steps[1::2]
    for a, b in ((255, 255), (255, 0), (0, 255)):
        sums = a * even + b * odd
        np.testing.assert_array_equal(sums, np.clip(sums, -(2**15), 2**15 - 1))


@pytest.mark.parametrize("seed", range(5))
def test_eight_bits_are_nearer_than_seven(seed: int) -> None:
    """Holding pairs back costs less than half of what the eighth bit gains."""
    weight = _weight(seed, 384, 64)
    errors = [
        np.square(weight_codes(weight, _ones(weight), bits).values() - weight).mean()
        for bits in (8, 7)
    ]
    assert errors[0] < 0.5 * errors[1]


def test_error_is_at_most_half_a_step_with_seven_bits() -> None:
    """With 7 bits no pair overflows, so each code is the nearest."""
    weight = _weight(0, 64, 16)
    codes = weight_codes(weight, _ones(weight), 7)
    assert (np.abs(codes.values() - weight) <= codes.scale * 0.5001).all()


def test_the_important_rows_are_nearer() -> None:
    """Where two large neighbours must be held back, the scale serves the inputs that matter."""
    weight = np.full((8, 1), 0.01, np.float32)
    weight[:2] = 1.0  # a pair that needs 254 of 128 steps
    pair, others = np.ones(8, np.float32), np.ones(8, np.float32)
    pair[:2], others[2:] = 1e6, 1e6
    for_pair = np.abs(weight_codes(weight, pair).values() - weight)
    for_others = np.abs(weight_codes(weight, others).values() - weight)
    assert for_pair[:2].max() < for_others[:2].max()
    assert for_others[2:].max() < for_pair[2:].max()


def test_a_column_of_zeros_stays_zero() -> None:
    """Neurons that are computed apart leave zeros: no division by zero, no code."""
    weight = np.zeros((4, 2), np.float32)
    np.testing.assert_array_equal(weight_codes(weight, _ones(weight)).values(), weight)
