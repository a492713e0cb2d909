"""Reading with confidence: features, error limits, and what is named as shifted."""

from dataclasses import replace

import numpy as np
import pytest

from answerable.reader import (
    FEATURES,
    CalibrationNeeded,
    CalibrationSample,
    ConfidenceModel,
    OnnxReader,
    RetrievalEvidence,
    ShiftRule,
)
from tests.reader.scripted import (
    IDENTITY_CONFIDENCE,
    ScriptedScorer,
    passage,
    scripted_reader,
    word_tokenizer,
)

TEXT = "the leader is ann today"
DENSE = [feature.name for feature in FEATURES].index("dense_lead")


def _reader(confidence: ConfidenceModel = IDENTITY_CONFIDENCE) -> OnnxReader:
    tokenizer = word_tokenizer(TEXT)
    scorer = ScriptedScorer(tokenizer, {"ann": (1.0, 1.0)})
    return scripted_reader(scorer, tokenizer, confidence=confidence)


def _sample(n: int, n_right: int) -> CalibrationSample:
    """Questions of probability 0.95 and as many of 0.85; the likeliest ``n_right`` are right."""
    return CalibrationSample.of(np.repeat([0.95, 0.85], n), np.arange(2 * n) < n_right)


def test_prediction_carries_the_features_of_its_best_span() -> None:
    """What retrieval knows reaches them; without evidence it is unknown."""
    evidence = [RetrievalEvidence(1, 1, 0.7, 1, 3.0), RetrievalEvidence(2, 2, 0.5, 2, 3.0)]
    passages = [passage(TEXT), passage("nothing", id=2, document_id=2)]
    prediction = _reader().read("leader", passages, evidence=evidence)
    assert len(prediction.features) == len(FEATURES)
    assert prediction.features[0] == 2.0
    assert prediction.features[DENSE] == pytest.approx(0.1)
    assert np.isnan(_reader().read("leader", [passage(TEXT)]).features[DENSE])


def test_nothing_read_has_no_features() -> None:
    """Without passages there is nothing to describe, and nothing is shifted."""
    prediction = _reader().read("leader", [])
    assert (prediction.features, prediction.is_shifted) == ((), False)


def test_error_limit_becomes_a_threshold() -> None:
    """The sigmoid of 2 is 0.88: enough where all above is right, not where 0.85 is wrong."""
    lax = replace(IDENTITY_CONFIDENCE, sample=_sample(200, 400))
    strict = replace(IDENTITY_CONFIDENCE, sample=_sample(200, 195))
    for model, is_answered in ((lax, True), (strict, False)):
        prediction = _reader(model).read("leader", [passage(TEXT)], max_error=0.1)
        assert (prediction.answer is not None) is is_answered
    assert strict.threshold_for(0.1).min_probability > 0.88


def test_the_stricter_of_both_limits_counts() -> None:
    """A probability asked for beside an error limit holds as well."""
    reader = _reader(replace(IDENTITY_CONFIDENCE, sample=_sample(200, 400)))
    unsure = reader.read("leader", [passage(TEXT)], max_error=0.1, min_probability=0.95)
    assert unsure.reason == "low_confidence"


def test_error_limit_without_calibration() -> None:
    """Nothing can be promised; the error names the command."""
    with pytest.raises(CalibrationNeeded, match="answerable calibrate"):
        _reader().read("leader", [passage(TEXT)], max_error=0.1)


def test_answer_unlike_the_calibration_is_shifted() -> None:
    """A BM25 that the calibration never saw is named."""
    rng = np.random.default_rng(0)
    near_by = [RetrievalEvidence(1, 1, 0.6, 1, 6.0)]
    features = np.array(_reader().read("leader", [passage(TEXT)], evidence=near_by).features)
    like = features + 0.1 * rng.normal(size=(500, len(FEATURES)))
    reader = _reader(replace(IDENTITY_CONFIDENCE, shift=ShiftRule.of(like)))
    near, far = (
        reader.read("leader", [passage(TEXT)], evidence=[RetrievalEvidence(1, 1, 0.6, 1, bm25)])
        for bm25 in (6.0, 90.0)
    )
    assert (near.is_shifted, far.is_shifted) == (False, True)


def test_no_span_is_likelier_than_the_first() -> None:
    """Probabilities never rise along the ranking, whatever retrieval says of later passages."""
    weights = tuple(5.0 * (feature.name == "dense_lead") for feature in FEATURES)
    reader = _reader(replace(IDENTITY_CONFIDENCE, weights=weights))
    passages = [passage(TEXT), passage(TEXT, id=2, document_id=2)]
    evidence = [RetrievalEvidence(1, 2, 0.2, 1, 1.0), RetrievalEvidence(2, 1, 0.9, 2, 1.0)]
    first, second = reader.read(
        "leader", passages, priors=[0.0, -1.0], evidence=evidence, n_best=2
    ).spans
    assert first.document_id == 1
    assert second.probability == first.probability


def test_reader_under_another_calibration_shares_its_session() -> None:
    """A user's own calibration goes on the same reader without loading it again."""
    reader = _reader()
    other = reader.with_confidence(replace(IDENTITY_CONFIDENCE, min_probability=0.99))
    assert reader.read("leader", [passage(TEXT)]).answer is not None
    assert other.read("leader", [passage(TEXT)]).answer is None
