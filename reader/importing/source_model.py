"""A Hugging Face folder as a model of transformers, checked tensor by tensor before it exists.

The library is handed a configuration of known keys and arrays of the very shapes it expects;
it never sees the folder itself, so nothing in there can name code, packages or other files.
Needs the ``models`` extra (torch, transformers), imported only when called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import ModelFolderInvalid

from .architectures import Architecture, Task
from .configuration import ModelConfig, read_model_config
from .weights import SourceTensor, source_tensors

# Names that older versions of the libraries gave to parts of a layer normalization.
_OLD_ENDINGS = {".gamma": ".weight", ".beta": ".bias"}
_MAX_BYTES = 2**31 - 2**24  # of a protocol buffer, less what a graph takes beside its weights
_BODY = ("embeddings.", "encoder.", "transformer.")
_COUNTERS = ("position_ids", "token_type_ids")  # stored by older versions, computed by newer ones


@dataclass(frozen=True, slots=True)
class SourceModel:
    """A checked model in memory.

    Attributes:
        config: what the folder says of it.
        task: what it does.
        model: the transformers model, in FP32 and ready to run.
        left_out: tensors of the folder that the task has no use for.
    """

    config: ModelConfig
    task: Task
    model: Any
    left_out: tuple[str, ...]


def load_source_model(folder: Path, task: Task | None = None) -> SourceModel:
    """Load a Hugging Face folder.

    Args:
        folder: with ``config.json`` and weights.
        task: what to load it for; None for what the folder says.

    Raises:
        ModelFolderInvalid: its configuration is not known, or its weights do not fit it.
    """
    config = read_model_config(folder)
    tensors = _renamed(source_tensors(folder), folder)
    task = task or config.task or _task_of(tensors, config.architecture, folder)
    config = _with_head(config, tensors)
    tensors = _for_task(tensors, config.architecture, task)

    import torch
    import transformers

    model_class = getattr(transformers, config.architecture.class_name(task))
    arguments = {"add_pooling_layer": False} if _has_pooler(task, config.architecture) else {}
    library_config = model_class.config_class(**config.values)
    try:
        with torch.device("meta"):  # takes no memory, whatever the configuration says
            skeleton = model_class(library_config, **arguments)
    except (ValueError, TypeError, KeyError, RuntimeError, ZeroDivisionError) as exc:
        raise ModelFolderInvalid(f"{folder}: no model is like its config.json: {exc}") from exc
    left_out = _check_shapes(skeleton, tensors, folder)
    n_bytes = 4 * sum(value.numel() for value in skeleton.parameters())
    if n_bytes > _MAX_BYTES:
        raise ModelFolderInvalid(
            f"{folder} holds {n_bytes / 1e9:.1f} GB of weights in FP32, and an ONNX file at most 2"
        )
    model = model_class(library_config, **arguments)
    state = {
        name: torch.from_numpy(_finite(name, tensor, folder))
        for name, tensor in tensors.items()
        if name not in left_out
    }
    model.load_state_dict(state, strict=False)
    model.tie_weights()
    return SourceModel(config, task, model.float().eval(), left_out)


def _renamed(tensors: Mapping[str, SourceTensor], folder: Path) -> dict[str, SourceTensor]:
    renamed = {_modern(name): tensor for name, tensor in tensors.items()}
    if len(renamed) != len(tensors):
        raise ModelFolderInvalid(f"{folder}: a tensor is there under its old and its new name")
    return renamed


def _modern(name: str) -> str:
    for old, new in _OLD_ENDINGS.items():
        if name.endswith(f"LayerNorm{old}"):
            return name.removesuffix(old) + new
    return name


def _task_of(names: Iterable[str], architecture: Architecture, folder: Path) -> Task:
    """Tell by its tensors what a model does whose configuration does not say it."""
    names = list(names)
    if any(name.startswith("qa_outputs.") for name in names):
        return "reader"
    if any(name.startswith(architecture.head) for name in names):
        return "masked-lm"
    if (folder / "modules.json").is_file():
        return "encoder"
    raise ModelFolderInvalid(
        f"{folder}: its config.json names no architectures, and its weights have the head of "
        "neither a reader nor a masked-language model"
    )


def _with_head(config: ModelConfig, names: Iterable[str]) -> ModelConfig:
    """Return the configuration, for DeBERTa with the kind of head that the weights have."""
    if config.architecture.model_type != "deberta-v2":
        return config
    is_legacy = not any(name.startswith("lm_predictions.") for name in names)
    return replace(config, values={**config.values, "legacy": is_legacy})


def _for_task(
    tensors: Mapping[str, SourceTensor], architecture: Architecture, task: Task
) -> dict[str, SourceTensor]:
    """Return the tensors under the names that the task's class has for them."""
    if task != "encoder":
        return dict(tensors)
    return {name.removeprefix(architecture.prefix): each for name, each in tensors.items()}


def _has_pooler(task: Task, architecture: Architecture) -> bool:
    return task == "encoder" and architecture.model_type in {
        "bert",
        "albert",
        "roberta",
        "megatron-bert",
    }


def _check_shapes(
    skeleton: Any, tensors: Mapping[str, SourceTensor], folder: Path
) -> tuple[str, ...]:
    """Compare shapes, and return the tensors that have no place in the model."""
    expected = {name: tuple(value.shape) for name, value in skeleton.state_dict().items()}
    tied = getattr(skeleton, "_tied_weights_keys", None) or {}
    missing = [
        name
        for name in expected
        if name not in tensors and tied.get(name) not in tensors and not name.endswith(_COUNTERS)
    ]
    if missing:
        raise ModelFolderInvalid(f"{folder}: its weights lack {_some(missing)}")
    for name, shape in expected.items():
        if name in tensors and tensors[name].shape != shape:
            raise ModelFolderInvalid(
                f"{folder}: its weights do not fit its config.json: {name} is "
                f"{list(tensors[name].shape)} and should be {list(shape)}"
            )
    left_out = tuple(name for name in tensors if name not in expected)
    prefix = f"{skeleton.base_model_prefix}."
    body = [
        name
        for name in left_out
        if name.removeprefix(prefix).startswith(_BODY) and not name.endswith(_COUNTERS)
    ]
    if body:
        raise ModelFolderInvalid(
            f"{folder}: its weights do not fit its config.json, which has no place for {_some(body)}"
        )
    return left_out


def _finite(name: str, tensor: SourceTensor, folder: Path) -> Any:
    values = np.ascontiguousarray(tensor.read())
    if values.dtype.kind != "f":
        return values
    values = values.astype(np.float32)
    if not np.isfinite(values).all():
        raise ModelFolderInvalid(f"{folder}: tensor {name} holds values that are no numbers")
    return values


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
