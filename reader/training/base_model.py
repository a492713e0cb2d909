"""What a run starts from: Hugging Face folders, or this project's own ONNX readers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import BertForQuestionAnswering, PreTrainedModel

from answerable.index import ModelFolderInvalid

from ..importing import quiet_library
from . import attention
from .architectures import Architecture, architecture
from .onnx_weights import onnx_weights

_ONNX_NAME = "model.onnx"
_HEAD = "qa_outputs."  # the only weights that a base model may lack


def load_base_model(path: Path, dropout: float = 0.0) -> PreTrainedModel:
    """Load a base model in FP32, ready for training.

    Args:
        path: a folder with ``config.json`` and ``model.safetensors`` of one of
            ``ARCHITECTURES``, with any head; or with a ``model.onnx`` that
            ``answerable quantize`` made from a BERT reader.
        dropout: of hidden states; the attention's own is always 0.

    Raises:
        ModelFolderInvalid: it cannot be read, or its weights are those of another model.
    """
    try:
        if not (path / "config.json").exists() and (path / _ONNX_NAME).exists():
            return _from_onnx(path / _ONNX_NAME, dropout)
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        family = architecture(config.get("model_type", "bert"))
        with quiet_library():
            model, loading = getattr(transformers, family.reader).from_pretrained(
                path,
                local_files_only=True,
                use_safetensors=True,
                output_loading_info=True,
                attn_implementation=attention.NAME if family.has_fast_attention else "eager",
                **_dropouts(family, dropout),
            )
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RuntimeError) as exc:
        raise ModelFolderInvalid(f"cannot read the base model {path}: {exc}") from exc
    missing = sorted(n for n in loading["missing_keys"] if not n.startswith(_HEAD))
    if missing:
        raise ModelFolderInvalid(
            f"cannot read the base model {path}: it lacks {len(missing)} weights of a "
            f"{family.name} model, such as {missing[0]}"
        )
    return model.float()


def average_models(paths: Sequence[Path], dropout: float = 0.0) -> PreTrainedModel:
    """Load base models of equal shape and return the one in their middle.

    Raises:
        ModelFolderInvalid: one cannot be read, or they differ in shape.

    Source: Wortsman and others 2022, "Model soups" (uniform soup).
    """
    soup = load_base_model(paths[0], dropout)
    total = soup.state_dict()
    for path in paths[1:]:
        other = load_base_model(path).state_dict()
        if {n: w.shape for n, w in other.items()} != {n: w.shape for n, w in total.items()}:
            raise ModelFolderInvalid(f"{path} differs in shape from {paths[0]}: no average")
        for name, weight in total.items():
            weight += other[name]
    for weight in total.values():
        weight /= len(paths)
    return soup


def reinitialize_top(model: PreTrainedModel, n_layers: int) -> None:
    """Give the head and the upper layers random weights, as before any training.

    Raises:
        ModelFolderInvalid: the model has fewer layers.

    Source: Zhang and others 2021, "Revisiting Few-sample BERT Fine-tuning", section 5.
    """
    place = architecture(model.config.model_type).layers
    layers = model.get_submodule(place) if place else ()
    if n_layers > len(layers):
        raise ModelFolderInvalid(f"the base model has {len(layers)} layers, not {n_layers}")
    spread = model.config.initializer_range
    for part in (*layers[len(layers) - n_layers :], model.qa_outputs):
        for module in part.modules():
            if isinstance(module, torch.nn.Linear):
                torch.nn.init.normal_(module.weight, std=spread)
                torch.nn.init.zeros_(module.bias)
            elif isinstance(module, torch.nn.LayerNorm):
                module.reset_parameters()


def _dropouts(family: Architecture, dropout: float) -> dict[str, Any]:
    return {**dict.fromkeys(family.dropouts, dropout), family.attention_dropout: 0.0}


def _from_onnx(path: Path, dropout: float) -> PreTrainedModel:
    weights, config = onnx_weights(path)
    config.hidden_dropout_prob = dropout
    config.attention_probs_dropout_prob = 0.0
    config._attn_implementation = attention.NAME
    model = BertForQuestionAnswering(config)
    model.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return model.float()
