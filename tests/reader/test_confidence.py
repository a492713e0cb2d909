"""The confidence model: features, fit, and its file."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader.confidence import (
    CONFIDENCE_NAME,
    fit_logistic,
    load_confidence,
    save_confidence,
    span_features,
)
from answerable.reader.ranking import ScoredSpan
from tests.reader.scripted import IDENTITY_CONFIDENCE


def _span(text: str, score: float, document_id: int) -> ScoredSpan:
    return ScoredSpan(document_id, document_id, 0, len(text), text, score)


def test_features_of_a_span() -> None:
    """Margin is to the best other text; the same text elsewhere is agreement, not a rival."""
    spans = [_span("Ann", 5.0, 1), _span("ann", 4.0, 2), _span("Tom", 2.0, 3)]
    assert span_features(spans, 0) == (5.0, 3.0, 1.0)
    assert span_features(spans, 2) == (2.0, -3.0, 0.0)
    assert span_features(spans[:1], 0) == (5.0, 8.0, 0.0)


def test_fit_recovers_the_law_that_made_the_data() -> None:
    """On 20,000 points drawn from a logistic law, its coefficients come back."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, 3))
    log_odds = -0.5 + features @ np.array([1.0, 0.5, -2.0])
    is_right = rng.random(20_000) < 1 / (1 + np.exp(-log_odds))
    intercept, weights = fit_logistic(features, is_right, ridge=0.0)
    assert (intercept, *weights) == pytest.approx((-0.5, 1.0, 0.5, -2.0), abs=0.08)


def test_share_counts_a_question_more_than_once() -> None:
    """A question of share 2 among shares of 1 fits as the same question asked twice."""
    features = np.array([[0.0], [1.0], [2.0], [3.0]])
    is_right = np.array([False, True, False, True])
    shares = np.array([1.0, 2.0, 1.0, 1.0])
    doubled = np.array([0, 1, 1, 2, 3])
    shared = fit_logistic(features, is_right, shares, ridge=0.0)
    repeated = fit_logistic(features[doubled], is_right[doubled], ridge=0.0)
    assert (shared[0], *shared[1]) == pytest.approx((repeated[0], *repeated[1]))


def test_fit_survives_separable_data() -> None:
    """Classes that a line separates give finite coefficients, thanks to the ridge."""
    features = np.linspace(-1, 1, 50)[:, None]
    intercept, weights = fit_logistic(features, features[:, 0] > 0)
    assert np.isfinite([intercept, *weights]).all() and weights[0] > 1


def test_file_round_trip(tmp_path: Path) -> None:
    """What was saved is loaded, for the reader it was fitted for."""
    save_confidence(tmp_path, IDENTITY_CONFIDENCE)
    assert load_confidence(tmp_path, "scripted") == IDENTITY_CONFIDENCE


def test_without_a_file_the_score_speaks_for_itself(tmp_path: Path) -> None:
    """A reader that nothing was fitted for gives the sigmoid of its log-odds, and says so."""
    model = load_confidence(tmp_path, "any")
    assert model.name is None
    assert model.probability((0.0, 3.0, 1.0)) == 0.5


@pytest.mark.parametrize("content", ["{", "{}", '{"weights": 3}', "[]"])
def test_bad_file(tmp_path: Path, content: str) -> None:
    """An odd file is one clear error."""
    (tmp_path / CONFIDENCE_NAME).write_text(content)
    with pytest.raises(ModelFolderInvalid, match="cannot read the confidence model"):
        load_confidence(tmp_path, "scripted")


def test_other_reader_is_refused(tmp_path: Path) -> None:
    """A calibration fitted for another reader is not used."""
    save_confidence(tmp_path, replace(IDENTITY_CONFIDENCE, reader_sha256="another"))
    with pytest.raises(ModelFolderInvalid, match="another reader"):
        load_confidence(tmp_path, "scripted")


def test_coefficients_are_readable_json(tmp_path: Path) -> None:
    """The file is plain JSON that a person can read and compare."""
    save_confidence(tmp_path, IDENTITY_CONFIDENCE)
    assert json.loads((tmp_path / CONFIDENCE_NAME).read_text())["weights"] == [1.0, 0.0, 0.0]
