"""The YAML description of one reader training run.

A spec says everything a run needs; the finished model folder keeps a copy of
it. ``loop.py`` runs it.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import TrainSpecInvalid


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFile(_Section):
    """One SQuAD-format training file and how often an epoch repeats it."""

    path: Path
    weight: float = Field(default=1.0, gt=0, description="passes over the file per epoch")


class WindowSpec(_Section):
    """How a question and its context become one training window."""

    max_question_tokens: int = Field(default=64, ge=8, le=256)
    max_seq_tokens: int = Field(default=256, ge=32, le=512)
    crop_share: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="share of examples cropped to crop_context_tokens",
    )
    crop_context_tokens: int = Field(default=96, ge=16, le=480)
    off_answer_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="share of crops that miss the answer on purpose and so teach 'not here'",
    )


class OptimizerSpec(_Section):
    """AdamW with warm-up, a constant rate, and a linear decay to zero at the end."""

    learning_rate: float = Field(default=1e-4, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    batch_size: int = Field(default=32, ge=1)
    max_steps: int = Field(ge=1, description="optimizer steps of the whole run")
    warmup_steps: int = Field(default=100, ge=0)
    decay_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="last share of max_steps, decaying linearly to zero",
    )
    max_gradient_norm: float = Field(default=1.0, gt=0)


class ReaderTrainSpec(_Section):
    """One training run, as written in its YAML file."""

    base_model: Path = Field(description="folder with config.json and model.safetensors")
    tokenizer: Path = Field(description="tokenizer.json of the base model")
    output: Path = Field(description="folder for checkpoints and the finished model")
    data: list[DataFile] = Field(min_length=1)
    windows: WindowSpec = WindowSpec()
    optimizer: OptimizerSpec
    seed: int = 0
    precision: str = Field(default="bf16", pattern="^(fp32|bf16)$")
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda)$")
    threads: int = Field(default=0, ge=0, description="CPU threads; 0 uses every core")
    checkpoint_every_steps: int = Field(default=250, ge=1)


def load_spec(path: Path, overrides: list[str]) -> ReaderTrainSpec:
    """Read a spec and apply ``key.sub=value`` overrides, later ones winning.

    Raises:
        TrainSpecInvalid: the file or an override cannot be read, or a value does not fit.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(tree, dict):
            raise TrainSpecInvalid(f"{path} holds no YAML mapping")
        for override in overrides:
            _apply(tree, override)
        return ReaderTrainSpec.model_validate(tree)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise TrainSpecInvalid(f"cannot read the training spec {path}: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TrainSpecInvalid(f"training spec {path}: {where}: {first['msg']}") from exc


def _apply(tree: dict[str, Any], override: str) -> None:
    dotted, separator, value = override.partition("=")
    if not separator or not dotted:
        raise TrainSpecInvalid(f"override {override!r} is not of the form key.sub=value")
    *parents, leaf = dotted.split(".")
    node = tree
    for key in parents:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise TrainSpecInvalid(f"override {override!r}: {key!r} is a value, not a section")
    node[leaf] = yaml.safe_load(value)
