"""The confidence model and its file."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader import (
    FEATURES,
    CalibrationMismatch,
    CalibrationOutcome,
    CalibrationSample,
    Provenance,
    fit_confidence,
    load_confidence,
    save_confidence,
)
from answerable.reader.confidence.shift import ShiftRule
from answerable.reader.confidence.storage import CONFIDENCE_NAME
from tests.reader.scripted import IDENTITY_CONFIDENCE


def test_without_a_file_the_score_speaks_for_itself(tmp_path: Path) -> None:
    """A reader that nothing was fitted for gives the sigmoid of its log-odds, and says so."""
    model = load_confidence(tmp_path, "any")
    assert model.name is None
    n_other = len(model.weights) - 2
    assert model.probability((0.0, 0.0, *[3.0] * n_other)) == 0.5


@pytest.mark.parametrize("content", ["{", "{}", '{"weights": 3}', "[]"])
def test_bad_file(tmp_path: Path, content: str) -> None:
    """An odd file is one clear error."""
    (tmp_path / CONFIDENCE_NAME).write_text(content)
    with pytest.raises(ModelFolderInvalid, match="cannot read the confidence model"):
        load_confidence(tmp_path, "scripted")


def test_other_reader_is_refused(tmp_path: Path) -> None:
    """A calibration fitted for another reader is not used; the error names the command."""
    provenance = replace(IDENTITY_CONFIDENCE.provenance, reader_sha256="ab" * 32)
    save_confidence(tmp_path, replace(IDENTITY_CONFIDENCE, provenance=provenance))
    said = "for reader abababababab, and this one is scripted: fit .*answerable calibrate"
    with pytest.raises(CalibrationMismatch, match=said):
        load_confidence(tmp_path, "scripted")


def test_file_round_trip(tmp_path: Path) -> None:
    """What was saved is loaded, for the reader it was fitted for."""
    save_confidence(tmp_path, IDENTITY_CONFIDENCE)
    assert load_confidence(tmp_path, "scripted") == IDENTITY_CONFIDENCE


def test_coefficients_are_readable_json(tmp_path: Path) -> None:
    """The file is plain JSON that a person can read and compare."""
    save_confidence(tmp_path, IDENTITY_CONFIDENCE)
    assert json.loads((tmp_path / CONFIDENCE_NAME).read_text())["weights"]["score"] == 1.0


def test_everything_fitted_survives_the_file(tmp_path: Path) -> None:
    """Sample and shift rule come back; error limits and flags are as before."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, len(FEATURES)))
    outcomes = [
        CalibrationOutcome(
            f"a{i % 9}", tuple(row), bool(row[0] + rng.normal() > 0), True, 0.25 if i % 3 else 1.0
        )
        for i, row in enumerate(features.tolist())
    ]
    provenance = Provenance("drawn", 300, "2026-01-01", "scripted", "encoder", 1)
    model = fit_confidence(outcomes, provenance=provenance)
    save_confidence(tmp_path, model)
    loaded = load_confidence(tmp_path / CONFIDENCE_NAME, "scripted")
    assert loaded == model
    threshold = loaded.threshold_for(0.4)
    assert threshold == model.threshold_for(0.4)
    assert loaded.is_shifted((9.0,) * len(FEATURES))
    assert loaded.name == "drawn, 300 questions, 2026-01-01"
    fields = json.loads((tmp_path / CONFIDENCE_NAME).read_text())
    del fields["sample"]["weight"]  # as before there were weights: all alike
    (tmp_path / CONFIDENCE_NAME).write_text(json.dumps(fields))
    assert load_confidence(tmp_path, "scripted").threshold_for(0.4) != threshold
    fields["sample"]["weight"] = "1 " * 299 + "-1"
    (tmp_path / CONFIDENCE_NAME).write_text(json.dumps(fields))
    with pytest.raises(ModelFolderInvalid, match="a weight is not above 0"):
        load_confidence(tmp_path, "scripted")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"intercept": float("nan")}, "intercept holds nan"),
        ({"intercept": float("inf")}, "intercept holds inf"),
        ({"null_threshold": float("-inf")}, "null_threshold holds -inf"),
        ({"min_probability": 5}, "min_probability: 5 is not between 0 and 1"),
        ({"min_probability": "x"}, "could not convert"),
        ({"weights": {"score": float("nan")}}, "weights holds nan"),
        ({"usual": {"margin": "Infinity"}}, "usual holds inf"),
        ({"sample": {"probability": "0.5 nan"}}, "sample holds nan"),
        ({"sample": {"probability": "0.5 1.5"}}, "sample: 1.5 is not between 0 and 1"),
        ({"sample": {"probability": "0.5"}}, "1 probabilities, 2 flags, 2 weights and 2 questions"),
        ({"sample": {"probability": "", "is_right": "", "weight": ""}}, "0 probabilities"),
        ({"sample": {"is_right": "1x"}}, "is_right holds something other"),
        ({"sample": {"weight": "1 0"}}, "a weight is not above 0"),
        ({"sample": {"weight": "1 inf"}}, "sample holds inf"),
        ({"shift": {"limit": float("nan")}}, "shift holds nan"),
        ({"shift": {"mean": {"score": float("nan")}}}, "shift holds nan"),
        ({"shift": {"spread": {"score": 0.0}}}, "a spread is not above 0"),
        ({"shift": {"precision": ["1 2"]}}, "precision is not a square"),
        ({"provenance": {"n_questions": "many"}}, "n_questions is 'many'"),
    ],
)
def test_impossible_numbers_are_refused(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    """A number that is none, or out of its range, would make every answer certain."""
    rule = ShiftRule.of(np.random.default_rng(0).normal(size=(50, len(FEATURES))))
    sample = CalibrationSample.of(np.array([0.9, 0.1]), np.array([True, False]))
    save_confidence(tmp_path, replace(IDENTITY_CONFIDENCE, sample=sample, shift=rule))
    path = tmp_path / CONFIDENCE_NAME
    fields = json.loads(path.read_text())
    assert load_confidence(tmp_path, "scripted").sample is not None
    path.write_text(json.dumps(_merged(fields, change)))
    with pytest.raises(ModelFolderInvalid, match=re.escape(reason)):
        load_confidence(tmp_path, "scripted")


def _merged(fields: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return fields with some of them changed, those of objects within, too."""
    merged = {
        name: _merged(fields[name], value) if isinstance(value, dict) else value
        for name, value in change.items()
    }
    return fields | merged


@pytest.mark.parametrize(("encoder", "splitter"), [("another", 1), ("encoder", 2)])
def test_other_encoder_or_splitter_is_refused(encoder: str, splitter: int) -> None:
    """A calibration speaks only for passages found and cut as its own were."""
    provenance = Provenance("drawn", 300, "2026-01-01", "scripted", "encoder", 1)
    model = replace(IDENTITY_CONFIDENCE, provenance=provenance)
    model.check(encoder_sha256="encoder", splitter_version=1)
    said = "encoder encoder, .* has another|splitter 1, .* has 2"
    with pytest.raises(CalibrationMismatch, match=f"({said}): .*answerable calibrate"):
        model.check(encoder_sha256=encoder, splitter_version=splitter)


def test_a_file_of_other_features_is_refused(tmp_path: Path) -> None:
    """A calibration of a version with other features is not used."""
    save_confidence(tmp_path, IDENTITY_CONFIDENCE)
    path = tmp_path / CONFIDENCE_NAME
    path.write_text(path.read_text().replace('"margin"', '"distance"'))
    with pytest.raises(CalibrationMismatch, match="another version"):
        load_confidence(tmp_path, "scripted")
