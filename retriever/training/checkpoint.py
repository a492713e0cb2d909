"""Checkpoints of a retriever's run: weights and AdamW moments as safetensors, progress as JSON.

A checkpoint is written beside the last one and takes its name when it is complete: a run killed
at any moment finds one that is whole. No pickle.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from answerable.index import ModelFolderInvalid

_MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come, all its sittings together.

    Attributes:
        steps: optimizer steps done.
        tokens: tokens seen, padding not counted.
        seconds: time spent in steps.
        loss: smoothed; None before the first step.
    """

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    loss: float | None = None


def save_checkpoint(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Write the state of a run, replacing the checkpoint before."""
    new, old = folder.with_suffix(".new"), folder.with_suffix(".old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    tensors = {}
    for name, weight in model.named_parameters():
        tensors[name] = weight
        state = optimizer.state[weight]
        tensors |= {f"{name}#{moment}": state[moment] for moment in _MOMENTS if moment in state}
    kept = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    save_file(kept, new / "state.safetensors")
    (new / "progress.json").write_text(json.dumps(asdict(progress)), encoding="utf-8")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer
) -> Progress:
    """Restore weights and optimizer in place; without a checkpoint nothing changes.

    Raises:
        ModelFolderInvalid: it is damaged or of another model.
    """
    found = next((path for path in (folder, folder.with_suffix(".old")) if path.exists()), None)
    if found is None:
        return Progress()
    try:
        progress = Progress(**json.loads((found / "progress.json").read_text(encoding="utf-8")))
        tensors = load_file(found / "state.safetensors")
        with torch.no_grad():
            for name, weight in model.named_parameters():
                weight.copy_(tensors[name])
                moments = {moment: tensors.get(f"{name}#{moment}") for moment in _MOMENTS}
                if None not in moments.values():
                    optimizer.state[weight] = {
                        "step": torch.tensor(float(progress.steps), device=weight.device),
                        **{key: value.to(weight.device) for key, value in moments.items()},
                    }
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as exc:
        raise ModelFolderInvalid(
            f"cannot resume from {found}, train without --resume: {exc}"
        ) from exc
    return progress
