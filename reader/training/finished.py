"""The folder of a finished model: weights, and all that says how they were made."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml
from transformers import PreTrainedModel

from .spec import ReaderTrainSpec


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a finished run did; written to ``metrics.json`` beside the weights.

    Attributes:
        steps: optimizer steps.
        tokens: tokens seen, padding not counted.
        seconds: time spent in steps, interruptions not counted.
        final_loss: smoothed over some 50 steps; None where nothing was trained.
        data_sha256: hex digest of each data file, by name.
        validation: metrics on the validation file, None where there is none.
    """

    steps: int
    tokens: int
    seconds: float
    final_loss: float | None
    data_sha256: dict[str, str]
    validation: dict[str, float] | None = None


def write_finished(
    spec: ReaderTrainSpec,
    model: PreTrainedModel,
    tokenizer: Path,
    report: TrainReport,
    left_out: Mapping[str, list[str]],
) -> None:
    """Write a model, its tokenizer, its spec and its metrics to ``model`` under the output.

    Args:
        spec: the run.
        model: in FP32, with the weights that are to be kept.
        tokenizer: its ``tokenizer.json``.
        report: becomes ``metrics.json``.
        left_out: titles that were not trained on, by data file; becomes ``left_out.json``.
    """
    folder = spec.output / "model"
    model.eval().save_pretrained(folder)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    described = spec.model_dump(mode="json")
    (folder / "train.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
    _write_json(folder / "left_out.json", dict(left_out))
    _write_json(folder / "metrics.json", asdict(report))


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
