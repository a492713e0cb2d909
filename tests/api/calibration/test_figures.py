"""Figures of a calibration against what they say."""

from dataclasses import replace

import numpy as np
import pytest

from answerable.api.calibration.figures import (
    questions_needed,
    reliability,
)
from answerable.reader import (
    CalibrationSample,
    uncalibrated,
)
from tests.api.facts import READER_SHA256


@pytest.mark.parametrize("n_wrong", [3, 8])
def test_questions_needed_would_do(n_wrong: int) -> None:
    """So many questions with as many wrong ones support the limit; half of them do not."""
    probability = np.linspace(0.95, 0.85, 50)
    is_right = np.ones(50, dtype=bool)
    is_right[np.linspace(5, 45, n_wrong).astype(int)] = False
    sample = CalibrationSample.of(probability, is_right)
    model = replace(uncalibrated(READER_SHA256), sample=sample)
    needed = {one.max_error: one.n_questions for one in questions_needed(model, 60)}
    if n_wrong == 8:
        assert needed[0.1] is None
        return
    n = needed[0.1]
    assert n is not None and n % 10 == 0
    for factor, is_enough in ((n / 60, True), (n / 120, False)):
        rows = (np.arange(int(50 * factor)) / factor).astype(int)
        more = CalibrationSample.of(probability[rows], is_right[rows])
        assert (more.find_threshold(0.1) is not None) is is_enough


def test_reliability_does_not_depend_on_the_order() -> None:
    """Fifty even odds sorted by label: every bin is half right."""
    rows = reliability(np.full(50, 0.5), np.arange(50) < 25)
    assert [row.right.value for row in rows] == pytest.approx([0.5] * 5)
