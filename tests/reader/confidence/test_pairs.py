"""Pairs of features: what they say, and that they never speak against a feature's direction."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import ModelFolderInvalid
from answerable.reader import (
    FEATURES,
    CalibrationOutcome,
    ConfidenceModel,
    OnnxReader,
    Provenance,
    default_reader_folder,
    fit_confidence,
)
from answerable.reader.confidence import load_confidence, recalibrate, save_confidence
from answerable.reader.confidence.pairs import PAIRS, Pair, pair_values, shares

N = len(FEATURES)
NAMES = [feature.name for feature in FEATURES]
SCORE, MASS, RANK, LENGTH = (NAMES.index(n) for n in ("score", "mass", "rank", "answer_words"))
PROVENANCE = Provenance("drawn", 0, "2026-01-01", "scripted")


def test_pairs_have_different_names_and_all_forms() -> None:
    """Each is a key of ``confidence.json``; a rank has a direction, a length has none."""
    names = [pair.name for pair in PAIRS]
    assert len(set(names)) == len(names)
    assert {"score and mass", "score or rank", "score without answer_words"} <= set(names)
    assert {pair.direction for pair in PAIRS if pair.name.startswith("answer_words")} == {0}
    assert not any("passage_words" in name or "agreement" in name for name in names)


def test_a_share_goes_from_bad_to_good() -> None:
    """Half at what is usual or unknown, whole two spreads above; of a rank, below."""
    features = np.zeros((4, N))
    features[1, [SCORE, RANK]] = 2.0
    features[2, [SCORE, RANK]] = -9.0
    features[3, [SCORE, RANK]] = np.nan
    share = shares(features, np.zeros(N), np.ones(N))
    assert share[:, SCORE].tolist() == [0.5, 1.0, 0.0, 0.5]
    assert share[:, RANK].tolist() == [0.5, 0.0, 1.0, 0.5]


def test_what_pairs_ask_for() -> None:
    """Both, either, one without the other."""
    share = np.full((1, N), 0.5)
    share[0, [SCORE, MASS]] = 0.8, 0.4
    pairs = [
        Pair(SCORE, MASS),
        Pair(SCORE, MASS, is_either=True),
        Pair(SCORE, MASS, is_without=True),
    ]
    assert pair_values(share, pairs)[0] == pytest.approx([0.32, 0.88, 0.48])


def _outcomes(n: int) -> list[CalibrationOutcome]:
    """Draw answers that are right where score and mass are both high: no line says that."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n, N))
    is_right = (features[:, SCORE] > 0) & (features[:, MASS] > 0) & (rng.random(n) < 0.9)
    return [
        CalibrationOutcome(f"text {i % 12}", tuple(row), bool(right), True)
        for i, (row, right) in enumerate(zip(features.tolist(), is_right, strict=True))
    ]


@pytest.fixture(scope="module")
def paired() -> ConfidenceModel:
    """A fit with pairs."""
    return fit_confidence(_outcomes(2000), provenance=PROVENANCE, pairs=PAIRS)


def _log_loss(model: ConfidenceModel) -> float:
    outcomes = _outcomes(2000)
    said = np.array([model.probability(outcome.features) for outcome in outcomes])
    is_right = np.array([outcome.is_right for outcome in outcomes])
    return float(-np.log(np.where(is_right, said, 1 - said)).mean())


def test_a_fit_finds_what_two_say_together(paired: ConfidenceModel) -> None:
    """Both are asked for more than any other two, the loss falls, and most weights are 0."""
    assert paired.together is not None
    weights = {
        pair.name: weight
        for pair, weight in zip(paired.together.pairs, paired.together.weights, strict=True)
    }
    others = [
        weight
        for pair, weight in zip(paired.together.pairs, paired.together.weights, strict=True)
        if not {pair.first, pair.second} <= {SCORE, MASS}
    ]
    assert weights["score and mass"] > 2 * max(map(abs, others))
    assert _log_loss(paired) < 0.9 * _log_loss(
        fit_confidence(_outcomes(2000), provenance=PROVENANCE)
    )
    assert len(weights) < len(PAIRS) / 2


_ROWS = st.lists(st.floats(-4, 4), min_size=N, max_size=N)


@given(_ROWS, st.integers(0, N - 1), st.floats(0.01, 4))
def test_no_probability_falls_when_a_feature_gets_better(
    row: list[float], place: int, more: float
) -> None:
    """The shipped calibration, from any row, in the direction of any feature that has one."""
    model = _shipped()
    assert model.shift is not None
    usual, spread = np.array(model.usual), np.array(model.shift.spread)
    features = usual + spread * np.array(row)
    better = features.copy()
    better[place] += FEATURES[place].direction * more * spread[place]
    assert model.probability(better.tolist()) >= model.probability(features.tolist()) - 1e-12


_LOADED: list[ConfidenceModel] = []


def _shipped() -> ConfidenceModel:
    if not _LOADED:
        _LOADED.append(OnnxReader.load(default_reader_folder()).confidence)
    return _LOADED[0]


def test_pairs_come_back_from_a_file(paired: ConfidenceModel, tmp_path: Path) -> None:
    """Saved and loaded, they say the same; a file of before has none."""
    save_confidence(tmp_path, paired)
    assert load_confidence(tmp_path, "scripted") == paired
    path = tmp_path / "confidence.json"
    fields = json.loads(path.read_text())
    del fields["together"]
    path.write_text(json.dumps(fields))
    assert load_confidence(tmp_path, "scripted").together is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"weights": {"score and luck": 1.0}}, "is no pair"),
        ({"weights": {"score and mass": -1.0}}, "below 0"),
        ({"weights": {"score and mass": float("nan")}}, "holds nan"),
        ({"weights": {}}, "no pair"),
        ({"spread": dict.fromkeys(NAMES, 0.0)}, "not above 0"),
    ],
)
def test_impossible_pairs_are_refused(
    paired: ConfidenceModel, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    """A weight that would turn a feature around, a number that is none, a name nobody knows."""
    save_confidence(tmp_path, paired)
    path = tmp_path / "confidence.json"
    fields = json.loads(path.read_text())
    fields["together"] |= change
    path.write_text(json.dumps(fields))
    with pytest.raises(ModelFolderInvalid, match=reason):
        load_confidence(tmp_path, "scripted")


def test_a_moved_model_keeps_its_pairs(paired: ConfidenceModel) -> None:
    """Hundreds of questions move the features' weights only; a few dozen the level of all."""
    few = _outcomes(240)
    moved = fit_confidence(few, provenance=PROVENANCE, base=paired)
    assert moved.together == paired.together
    levelled = recalibrate(paired, few[:60], provenance=PROVENANCE)
    assert levelled.together is not None and paired.together is not None
    slope = np.divide(levelled.weights[SCORE], paired.weights[SCORE])
    assert levelled.together.weights == pytest.approx(
        [slope * weight for weight in paired.together.weights]
    )
    features = few[0].features
    bare = replace(paired, together=None)
    assert bare.probability(features) != paired.probability(features)
