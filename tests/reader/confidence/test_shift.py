"""What is named as shifted: one in a hundred of the same kind, most of another kind."""

import numpy as np
import numpy.typing as npt
import pytest

from answerable.reader import ShiftRule
from answerable.reader.confidence.shift import batch_p_value

N = 4


@pytest.fixture(scope="module")
def rule() -> ShiftRule:
    """The look of 4,000 questions with two features that go together."""
    return ShiftRule.of(_drawn(4000, seed=0))


def _drawn(n: int, seed: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, N))
    features[:, 1] = features[:, 0] + 0.3 * features[:, 1]
    scaled: npt.NDArray[np.float64] = features * [1.0, 10.0, 0.1, 1.0] + 5.0
    return scaled


def test_the_same_kind_is_seldom_shifted(rule: ShiftRule) -> None:
    """About 1% of new questions of the same kind are farther than 99% of the old."""
    flagged = np.mean([rule.is_shifted(row) for row in _drawn(4000, seed=1).tolist()])
    assert 0.004 < flagged < 0.018


def test_another_kind_is_shifted(rule: ShiftRule) -> None:
    """A feature far off, and two that no longer go together, are both named."""
    usual = np.array(rule.mean)
    assert not rule.is_shifted(tuple(usual))
    assert rule.is_shifted(tuple(usual + np.array([0, 0, 0.5, 0])))
    assert rule.is_shifted(tuple(usual + np.array([2.5, -25.0, 0, 0])))
    assert not rule.is_shifted(tuple(usual + np.array([2.0, 20.0, 0, 0])))


def test_what_never_moved_may_differ_a_little() -> None:
    """Ten passages read for every question of the calibration, three or thirty for another."""
    features = _drawn(4000, seed=0)
    features[:, 3] = np.log(10)
    rule = ShiftRule.of(features)
    row = np.array(rule.mean)
    for n_passages, is_shifted in ((3, False), (30, False), (10_000, True)):
        row[3] = np.log(n_passages)
        assert rule.is_shifted(tuple(row)) is is_shifted


def test_unknown_features_do_not_count(rule: ShiftRule) -> None:
    """What is not known is not held against an answer."""
    assert not rule.is_shifted((np.nan,) * N)


def test_many_questions_are_judged_together() -> None:
    """Two of a hundred may be chance; ten of a hundred are not."""
    assert batch_p_value(0, 100) == 1.0
    assert batch_p_value(2, 100) == pytest.approx(0.264, abs=0.001)
    assert batch_p_value(10, 100) < 1e-6
