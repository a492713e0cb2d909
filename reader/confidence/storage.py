"""A confidence model as a JSON file that people can read and compare."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import ModelFolderInvalid

from ..errors import CalibrationMismatch
from .features import FEATURES, N_FEATURES
from .guarantee import CalibrationSample
from .model import ConfidenceModel, Provenance, uncalibrated
from .shift import ShiftRule

CONFIDENCE_NAME = "confidence.json"
_NAMES = [feature.name for feature in FEATURES]


def load_confidence(path: Path, reader_sha256: str) -> ConfidenceModel:
    """Read a confidence model; the uncalibrated one if there is none.

    Args:
        path: of the file, or of a folder that holds ``confidence.json``.
        reader_sha256: the reader that it must have been fitted for.

    Raises:
        ModelFolderInvalid: it is unreadable.
        CalibrationMismatch: it was fitted for another reader or by another version.
    """
    path = path / CONFIDENCE_NAME if path.is_dir() else path
    if not path.exists():
        return uncalibrated(reader_sha256)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        is_current = list(fields["weights"]) == _NAMES == list(fields["usual"])
        model = _from_json(fields) if is_current else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as exc:
        raise ModelFolderInvalid(f"cannot read the confidence model {path}: {exc}") from exc
    if model is None or model.provenance.reader_sha256 != reader_sha256:
        whom = "by another version" if model is None else "for another reader"
        raise CalibrationMismatch(
            f'{path} was fitted {whom}: fit it again with "answerable calibrate QUESTIONS"'
        )
    return model


def save_confidence(path: Path, model: ConfidenceModel) -> None:
    """Write a confidence model to a file, or as ``confidence.json`` into a folder."""
    path = path / CONFIDENCE_NAME if path.is_dir() else path
    path.write_text(json.dumps(_to_json(model), indent=1) + "\n", encoding="utf-8")


def _to_json(model: ConfidenceModel) -> dict[str, Any]:
    sample, shift = model.sample, model.shift
    return {
        "provenance": asdict(model.provenance),
        "min_probability": model.min_probability,
        "null_threshold": model.null_threshold,
        "intercept": model.intercept,
        "weights": dict(zip(_NAMES, model.weights, strict=True)),
        "usual": dict(zip(_NAMES, model.usual, strict=True)),
        "shift": shift
        and {
            "limit": shift.limit,
            "mean": dict(zip(_NAMES, shift.mean, strict=True)),
            "spread": dict(zip(_NAMES, shift.spread, strict=True)),
            "precision": [" ".join(map(repr, row)) for row in shift.precision],
        },
        "sample": sample
        and {
            "probability": " ".join(f"{p:.5f}" for p in sample.probability),
            "is_right": "".join("01"[bool(right)] for right in sample.is_right),
            "weight": " ".join(f"{weight:.6g}" for weight in sample.weight),
        },
    }


def _from_json(fields: dict[str, Any]) -> ConfidenceModel:
    sample, shift = fields["sample"], fields["shift"]
    return ConfidenceModel(
        intercept=float(fields["intercept"]),
        weights=tuple(float(fields["weights"][name]) for name in _NAMES),
        usual=tuple(float(fields["usual"][name]) for name in _NAMES),
        min_probability=float(fields["min_probability"]),
        null_threshold=float(fields["null_threshold"]),
        provenance=Provenance(**fields["provenance"]),
        sample=sample and _sample(sample),
        shift=shift and _shift(shift),
    )


def _sample(fields: dict[str, str]) -> CalibrationSample:
    probability = np.array([float(p) for p in fields["probability"].split()])
    is_right = np.array([right == "1" for right in fields["is_right"]])
    weights = fields.get("weight")  # since 0.2.0
    weight = np.array([float(w) for w in weights.split()]) if weights else np.ones(len(is_right))
    is_whole = probability.shape == is_right.shape == weight.shape
    if not is_whole or not np.isfinite(probability).all() or not (weight > 0).all():
        raise ValueError("the calibration sample is damaged")
    return CalibrationSample.of(probability, is_right, weight)


def _shift(fields: dict[str, Any]) -> ShiftRule:
    rule = ShiftRule(
        mean=tuple(float(fields["mean"][name]) for name in _NAMES),
        spread=tuple(float(fields["spread"][name]) for name in _NAMES),
        precision=tuple(tuple(map(float, row.split())) for row in fields["precision"]),
        limit=float(fields["limit"]),
    )
    if np.shape(rule.precision) != (N_FEATURES, N_FEATURES) or min(rule.spread) <= 0:
        raise ValueError("the shift rule is damaged")
    return rule
