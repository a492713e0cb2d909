"""The YAML description of one reader training run.

A spec says everything a run needs; the finished model folder keeps a copy of
it. ``loop.py`` runs it; ``docs/training.md`` explains the options.
"""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from ..errors import TrainSpecInvalid
from ..overrides import apply_override
from .foreign_keys import is_foreign, merged, own_keys, with_usual_values
from .options import (
    DataFile,
    DistillationSpec,
    NegativesSpec,
    OptimizerSpec,
    QuantizationAwareSpec,
    Section,
    ValidationSpec,
    WindowSpec,
)


class ReaderTrainSpec(Section):
    """One training run, as written in its YAML file."""

    base_model: Path | list[Path] = Field(
        description="folder with config.json and model.safetensors, or with one of this "
        "project's model.onnx; several of equal shape are averaged"
    )
    tokenizer: Path | None = Field(
        default=None,
        description="tokenizer.json; if unset, made of what is in the first base model's folder",
    )
    output: Path = Field(description="folder for checkpoints and the finished model")
    data: list[DataFile] = Field(default=[], description="may be empty only where max_steps is 0")
    left_out_share: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of articles, by title, that is not trained on and chooses thresholds",
    )
    windows: WindowSpec = WindowSpec()
    negatives: NegativesSpec | None = None
    objective: Literal["answers", "masked_words"] = Field(
        default="answers",
        description="masked_words learns from paragraphs; its model is a base for readers",
    )
    loss: Literal["per_window", "shared", "both"] = Field(
        default="per_window",
        description="softmax over each window, over all windows of a question, or the mean of both",
    )
    optimizer: OptimizerSpec
    dropout: float = Field(default=0.0, ge=0, lt=1, description="of hidden states, not attention")
    r_drop: float = Field(
        default=0.0,
        ge=0,
        description="weight of the divergence between two passes with different dropout",
    )
    reinitialized_layers: int = Field(
        default=0, ge=0, description="upper layers, and the head, that start at random"
    )
    ema_decay: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="a running average of the weights becomes the finished model",
    )
    distillation: DistillationSpec | None = None
    quantization_aware: QuantizationAwareSpec | None = None
    validation: ValidationSpec | None = None
    seed: int = 0
    precision: str = Field(default="bf16", pattern="^(fp32|bf16)$")
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda)$")
    threads: int = Field(default=0, ge=0, description="CPU threads; 0 uses every core")
    checkpoint_every_steps: int = Field(default=250, ge=1)

    @field_validator("quantization_aware", mode="before")
    @classmethod
    def _switch(cls, value: Any) -> Any:
        """Take ``true`` for the defaults and ``false`` for nothing."""
        return ({} if value else None) if isinstance(value, bool) else value

    @model_validator(mode="after")
    def _fits_together(self) -> "ReaderTrainSpec":
        if self.optimizer.max_steps and not self.data:
            raise ValueError("data: at least one file is needed to train on")
        if self.r_drop and not self.dropout:
            raise ValueError("r_drop: needs dropout, or both passes are the same")
        is_text = [file.kind == "paragraphs" for file in self.data]
        if self.objective == "masked_words":
            if not all(is_text) or self._only_for_answers():
                raise ValueError(
                    "objective masked_words takes files of kind paragraphs, and none of "
                    "negatives, r_drop, distillation, quantization_aware and validation"
                )
        elif any(is_text):
            raise ValueError("data: kind paragraphs is for the objective masked_words")
        if isinstance(self.base_model, list) and not self.base_model:
            raise ValueError("base_model: the list is empty")
        return self

    def _only_for_answers(self) -> bool:
        sections = self.negatives, self.distillation, self.quantization_aware, self.validation
        return bool(self.r_drop) or any(section is not None for section in sections)

    @property
    def base_models(self) -> list[Path]:
        """The folders to start from, one or several."""
        return self.base_model if isinstance(self.base_model, list) else [self.base_model]


def load_spec(path: Path, overrides: list[str]) -> ReaderTrainSpec:
    """Read a spec and apply ``key.sub=value`` overrides, later ones winning.

    Both may be under NeMo's or TAO's keys: see ``foreign_keys``.

    Raises:
        TrainSpecInvalid: the file or an override cannot be read, or a value does not fit.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(tree, dict):
            raise TrainSpecInvalid(f"{path} holds no YAML mapping")
        tree = _with_overrides(tree, overrides)
        return ReaderTrainSpec.model_validate(tree)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise TrainSpecInvalid(f"cannot read the training spec {path}: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = f"{where}: {first['msg']}" if where else first["msg"].removeprefix("Value error, ")
        raise TrainSpecInvalid(f"training spec {path}: {what}") from exc


def _with_overrides(tree: dict[str, Any], overrides: list[str]) -> dict[str, Any]:
    theirs: dict[str, Any] = {key: tree[key] for key in tree if is_foreign(key)}
    if theirs and not tree.keys() & ReaderTrainSpec.model_fields.keys():
        for override in overrides:
            apply_override(
                theirs if is_foreign(override.partition("=")[0]) else tree, override, yaml.safe_load
            )
        own = {key: tree[key] for key in tree if key in ReaderTrainSpec.model_fields}
        return merged(with_usual_values(own_keys(theirs)), own)
    theirs = {}
    for override in overrides:
        apply_override(
            theirs if is_foreign(override.partition("=")[0]) else tree, override, yaml.safe_load
        )
    return merged(tree, own_keys(theirs))
