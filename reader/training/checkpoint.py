"""Checkpoints as safetensors and JSON: weights, AdamW moments, their average, and the step.

Written to a temporary folder and renamed, so a killed run finds the previous
or the new one, never half of one. No pickle.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from answerable.index import ModelFolderInvalid

from .ema import WeightAverage
from .master_weights import MasterWeights

_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, all its sittings together.

    Attributes:
        step: optimizer steps done.
        tokens: tokens seen, padding not counted.
        seconds: time spent in steps.
        average_updates: steps in the running average of the weights; 0 without one.
    """

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    average_updates: int = 0


def save_checkpoint(
    folder: Path, master: MasterWeights, average: WeightAverage | None, progress: Progress
) -> None:
    """Write the state of a run, replacing the previous checkpoint."""
    temporary = folder.with_suffix(".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    _save(master.weights, temporary / "model.safetensors")
    moments = {
        f"{name}/{moment}": master.optimizer.state[weight][moment]
        for name, weight in master.weights.items()
        for moment in _MOMENTS
    }
    _save(moments, temporary / "optimizer.safetensors")
    if average is not None:
        _save(average.weights, temporary / "average.safetensors")
    (temporary / "state.json").write_text(json.dumps(asdict(progress)))
    previous = folder.with_suffix(".old")
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        folder.rename(previous)
    temporary.rename(folder)
    shutil.rmtree(previous, ignore_errors=True)


def load_checkpoint(folder: Path, master: MasterWeights, average: WeightAverage | None) -> Progress:
    """Restore weights, optimizer and average in place and return how far the run was.

    Without a checkpoint nothing changes. A checkpoint without an average, of a run that kept
    none, starts one at its weights.

    Raises:
        ModelFolderInvalid: the checkpoint is damaged or of another model.
    """
    if not folder.exists():
        folder = folder.with_suffix(".old")  # killed between the two renames
    if not folder.exists():
        return Progress()
    try:
        return _restore(folder, master, average)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as exc:
        raise ModelFolderInvalid(
            f"cannot resume from {folder}, train without --resume: {exc}"
        ) from exc


def _restore(folder: Path, master: MasterWeights, average: WeightAverage | None) -> Progress:
    state: dict[str, Any] = json.loads((folder / "state.json").read_text())
    progress = Progress(**state)
    saved = load_file(folder / "model.safetensors")
    moments = load_file(folder / "optimizer.safetensors")
    for name, weight in master.weights.items():
        with torch.no_grad():
            weight.copy_(saved[name])
        master.optimizer.state[weight] = {
            **{moment: moments[f"{name}/{moment}"].to(weight.device) for moment in _MOMENTS},
            "step": torch.tensor(float(progress.step), device=weight.device),
        }
    master.refresh()
    if average is not None:
        averaged = folder / "average.safetensors"
        known = averaged.exists()
        average.restore(load_file(averaged) if known else saved, progress.average_updates * known)
    return progress


def _save(tensors: dict[str, torch.Tensor], path: Path) -> None:
    save_file({name: value.detach().contiguous() for name, value in tensors.items()}, path)
