"""The YAML description of one retriever training run.

A spec says everything a run needs; the finished model folder keeps a copy of it. ``loop.py``
runs it; ``docs/training-retriever.md`` explains the options.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from ..errors import RetrieverSpecInvalid
from .options import (
    DataFile,
    NegativesSpec,
    OptimizerSpec,
    PassageSpec,
    Section,
    ValidationSpec,
)

DEFAULT_BASE = Path("default")


class RetrieverTrainSpec(Section):
    """One training run, as written in its YAML file."""

    base_model: Path | list[Path] = Field(
        default=DEFAULT_BASE,
        description="Sentence Transformers folder, or 'default' for the weights that the shipped "
        "encoder was made from; several of equal shape are averaged",
    )
    output: Path = Field(description="folder for checkpoints and the finished model")
    data: list[DataFile] = Field(default=[], description="may be empty only where max_steps is 0")
    left_out_share: float = Field(
        default=0.0, ge=0, lt=1, description="share of articles, by title, that is not trained on"
    )
    passages: PassageSpec = PassageSpec()
    negatives: NegativesSpec | None = Field(
        default=NegativesSpec(), description="null for those of the batch only"
    )
    optimizer: OptimizerSpec
    scale: float = Field(default=20.0, gt=0, description="cosines are multiplied by it")
    dropout: float = Field(default=0.0, ge=0, lt=1)
    validation: ValidationSpec | None = None
    seed: int = 0
    precision: str = Field(default="bf16", pattern="^(fp32|bf16)$")
    device: str = Field(default="auto", pattern="^(auto|cpu|cuda)$")
    threads: int = Field(default=0, ge=0, description="CPU threads; 0 uses every core")
    checkpoint_every_steps: int = Field(default=100, ge=1)

    @model_validator(mode="after")
    def _fits_together(self) -> "RetrieverTrainSpec":
        if self.optimizer.max_steps and not self.data:
            raise ValueError("data: at least one file is needed to train on")
        if self.validation and not (self.left_out_share and self.data):
            raise ValueError("validation: needs data and a left_out_share, whose articles it asks")
        if self.base_model == []:
            raise ValueError("base_model: the list is empty")
        return self

    @property
    def base_models(self) -> list[Path]:
        """The folders to start from, one or several."""
        return self.base_model if isinstance(self.base_model, list) else [self.base_model]


def load_spec(path: Path, overrides: Iterable[str]) -> RetrieverTrainSpec:
    """Read a spec and apply ``key.sub=value`` overrides, later ones winning.

    Raises:
        RetrieverSpecInvalid: the file or an override cannot be read, or a value does not fit.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise RetrieverSpecInvalid(f"cannot read the training spec {path}: {exc}") from exc
    if not isinstance(tree, dict):
        raise RetrieverSpecInvalid(f"{path} holds no YAML mapping")
    for override in overrides:
        _override(tree, override)
    try:
        return RetrieverTrainSpec.model_validate(tree)
    except ValidationError as exc:
        problem = exc.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        reason = problem["msg"].removeprefix("Value error, ")
        raise RetrieverSpecInvalid(
            f"training spec {path}: {key + ': ' if key else ''}{reason}"
        ) from exc


def _override(tree: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not key or not equals:
        raise RetrieverSpecInvalid(f"override {override!r} is not of the form key.sub=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        raise RetrieverSpecInvalid(f"override {override!r}: the value is not YAML") from exc
    *sections, leaf = key.split(".")
    for section in sections:
        if tree.get(section) is None:
            tree[section] = {}
        tree = tree[section]
        if not isinstance(tree, dict):
            raise RetrieverSpecInvalid(f"override {override!r}: {section!r} is not a section")
    tree[leaf] = value
