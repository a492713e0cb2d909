"""A confidence model as a JSON file that people can read and compare."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import ModelFolderInvalid

from ..errors import CalibrationMismatch
from .features import FEATURES, N_FEATURES
from .guarantee import DECIMALS, CalibrationSample
from .model import ConfidenceModel, Provenance, uncalibrated
from .pairs import PAIRS, Together
from .shift import ShiftRule

CONFIDENCE_NAME = "confidence.json"
_NAMES = [feature.name for feature in FEATURES]
_PAIRS = {pair.name: pair for pair in PAIRS}


def load_confidence(path: Path, reader_sha256: str) -> ConfidenceModel:
    """Read a confidence model; the uncalibrated one if there is none.

    Args:
        path: of the file, or of a folder that holds ``confidence.json``.
        reader_sha256: the reader that it must have been fitted for.

    Raises:
        ModelFolderInvalid: it is unreadable, or holds a number that it cannot hold.
        CalibrationMismatch: it was fitted for another reader or by another version.
    """
    path = path / CONFIDENCE_NAME if path.is_dir() else path
    if not path.exists():
        return uncalibrated(reader_sha256)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        is_current = list(fields["weights"]) == _NAMES == list(fields["usual"])
        model = _from_json(fields) if is_current else None
    except KeyError as exc:
        raise ModelFolderInvalid(f"cannot read the confidence model {path}: no {exc}") from exc
    except (OSError, ValueError, TypeError, AttributeError, OverflowError) as exc:
        raise ModelFolderInvalid(f"cannot read the confidence model {path}: {exc}") from exc
    if model is None:
        raise CalibrationMismatch(str(path), "by another version of Answerable")
    model.check_reader(reader_sha256, str(path))
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
        "together": model.together and _together_to_json(model.together),
        "shift": shift
        and {
            "limit": shift.limit,
            "mean": dict(zip(_NAMES, shift.mean, strict=True)),
            "spread": dict(zip(_NAMES, shift.spread, strict=True)),
            "precision": [" ".join(map(repr, row)) for row in shift.precision],
        },
        "sample": sample and _sample_to_json(sample),
    }


def _from_json(fields: dict[str, Any]) -> ConfidenceModel:
    sample, shift = fields["sample"], fields["shift"]
    together = fields.get("together")  # since 0.2.0
    return ConfidenceModel(
        intercept=_finite(fields["intercept"], "intercept"),
        weights=_of_features(fields["weights"], "weights"),
        usual=_of_features(fields["usual"], "usual"),
        min_probability=_share(fields["min_probability"], "min_probability"),
        null_threshold=_finite(fields["null_threshold"], "null_threshold"),
        provenance=_provenance(fields["provenance"]),
        sample=None if sample is None else _sample(sample),
        shift=None if shift is None else _shift(shift),
        together=None if together is None else _together(together),
    )


def _together_to_json(together: Together) -> dict[str, Any]:
    names = [pair.name for pair in together.pairs]
    return {
        "weights": dict(zip(names, together.weights, strict=True)),
        "usual": dict(zip(_NAMES, together.usual, strict=True)),
        "spread": dict(zip(_NAMES, together.spread, strict=True)),
    }


def _together(fields: dict[str, Any]) -> Together:
    unknown = [name for name in fields["weights"] if name not in _PAIRS]
    if unknown:
        raise ValueError(f"together: {unknown[0]!r:.60} is no pair of features")
    pairs = tuple(_PAIRS[name] for name in fields["weights"])
    weights = tuple(_finite(weight, "together") for weight in fields["weights"].values())
    spread = _of_features(fields["spread"], "together")
    if any(pair.direction and weight < 0 for pair, weight in zip(pairs, weights, strict=True)):
        raise ValueError("together: a weight is below 0")
    if not pairs or min(spread) <= 0:
        raise ValueError("together: there is no pair, or a spread is not above 0")
    return Together(pairs, weights, _of_features(fields["usual"], "together"), spread)


def _provenance(fields: dict[str, Any]) -> Provenance:
    provenance = Provenance(**fields)
    for name, value in asdict(provenance).items():
        kind = int if name in ("n_questions", "splitter_version") else str
        if type(value) is not kind or (isinstance(value, int) and value < 0):
            raise ValueError(f"provenance: {name} is {value!r:.40}")
    return provenance


def _sample_to_json(sample: CalibrationSample) -> dict[str, str]:
    return {
        "probability": " ".join(f"{p:.{DECIMALS}f}" for p in sample.probability),
        "is_right": "".join("01"[bool(right)] for right in sample.is_right),
        "weight": " ".join(f"{weight:.6g}" for weight in sample.weight),
        "question": " ".join(map(str, sample.question)),
    }


def _sample(fields: dict[str, str]) -> CalibrationSample:
    probability = np.array([_share(p, "sample") for p in fields["probability"].split()])
    if not set(fields["is_right"]) <= {"0", "1"}:
        raise ValueError("sample: is_right holds something other than 0 and 1")
    is_right = np.array([right == "1" for right in fields["is_right"]])
    weights = fields.get("weight")  # since 0.2.0
    if weights is None:
        weight = np.ones(len(is_right))
    else:
        weight = np.array([_finite(w, "sample") for w in weights.split()])
    numbers = fields.get("question")  # since 0.2.0
    question = np.array(numbers.split() if numbers else range(len(weight)), dtype=np.intp)
    if not 0 < len(probability) == len(is_right) == len(weight) == len(question):
        raise ValueError(
            f"sample: {len(probability)} probabilities, {len(is_right)} flags, "
            f"{len(weight)} weights and {len(question)} questions"
        )
    if not (weight > 0).all():
        raise ValueError("sample: a weight is not above 0")
    return CalibrationSample.of(probability, is_right, weight, question)


def _shift(fields: dict[str, Any]) -> ShiftRule:
    rows = [[_finite(x, "shift") for x in row.split()] for row in fields["precision"]]
    rule = ShiftRule(
        mean=_of_features(fields["mean"], "shift"),
        spread=_of_features(fields["spread"], "shift"),
        precision=tuple(map(tuple, rows)),
        limit=_finite(fields["limit"], "shift"),
    )
    if [len(row) for row in rows] != [N_FEATURES] * N_FEATURES:
        raise ValueError("shift: precision is not a square of the features")
    if min(rule.spread) <= 0 or rule.limit < 0:
        raise ValueError("shift: a spread is not above 0, or the limit is negative")
    return rule


def _of_features(values: dict[str, Any], name: str) -> tuple[float, ...]:
    return tuple(_finite(values[feature], name) for feature in _NAMES)


def _share(value: Any, name: str) -> float:
    share = _finite(value, name)
    if not 0 <= share <= 1:
        raise ValueError(f"{name}: {share:g} is not between 0 and 1")
    return share


def _finite(value: Any, name: str) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name} holds {number}")
    return number
