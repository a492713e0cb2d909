"""Checkpoints as safetensors and JSON: weights, AdamW moments, and the step.

Written to a temporary folder and renamed, so a killed run finds the previous
or the new one, never half of one. No pickle.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

_MOMENTS = ("exp_avg", "exp_avg_sq")


def save_checkpoint(
    folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int
) -> None:
    """Write the state after ``step`` optimizer steps, replacing the previous checkpoint."""
    temporary = folder.with_suffix(".tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    save_file(
        {k: v.contiguous() for k, v in model.state_dict().items()},
        temporary / "model.safetensors",
    )
    moments = {
        f"{name}/{moment}": optimizer.state[parameter][moment]
        for name, parameter in model.named_parameters()
        for moment in _MOMENTS
    }
    save_file(moments, temporary / "optimizer.safetensors")
    (temporary / "state.json").write_text(json.dumps({"step": step}))
    previous = folder.with_suffix(".old")
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        folder.rename(previous)
    temporary.rename(folder)
    shutil.rmtree(previous, ignore_errors=True)


def load_checkpoint(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Restore model and optimizer in place and return the number of steps done; 0 if none."""
    if not folder.exists():
        folder = folder.with_suffix(".old")  # killed between the two renames
    if not folder.exists():
        return 0
    step = int(json.loads((folder / "state.json").read_text())["step"])
    model.load_state_dict(load_file(folder / "model.safetensors"))
    moments = load_file(folder / "optimizer.safetensors")
    for name, parameter in model.named_parameters():
        state = {m: moments[f"{name}/{m}"].to(parameter.device) for m in _MOMENTS}
        optimizer.state[parameter] = {
            **state,
            "step": torch.tensor(float(step), device=parameter.device),
        }
    return step
