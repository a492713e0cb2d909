"""What a run starts from: Hugging Face folders, or this project's own ONNX readers."""

from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import BertForQuestionAnswering

from answerable.index import ModelFolderInvalid

from . import attention
from .onnx_weights import onnx_weights

_ONNX_NAME = "model.onnx"


def load_base_model(path: Path, dropout: float = 0.0) -> BertForQuestionAnswering:
    """Load a base model in FP32, ready for training.

    Args:
        path: a folder with ``config.json`` and ``model.safetensors``, or with a ``model.onnx``
            that ``answerable quantize`` made from a BERT reader.
        dropout: of hidden states; the attention's own is always 0.

    Raises:
        ModelFolderInvalid: it cannot be read.
    """
    try:
        if not (path / "config.json").exists() and (path / _ONNX_NAME).exists():
            return _from_onnx(path / _ONNX_NAME, dropout)
        model = BertForQuestionAnswering.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            attn_implementation=attention.NAME,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=0.0,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as exc:
        raise ModelFolderInvalid(f"cannot read the base model {path}: {exc}") from exc
    return model.float()


def average_models(paths: Sequence[Path], dropout: float = 0.0) -> BertForQuestionAnswering:
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


def reinitialize_top(model: BertForQuestionAnswering, n_layers: int) -> None:
    """Give the head and the upper layers random weights, as before any training.

    Raises:
        ModelFolderInvalid: the model has fewer layers.

    Source: Zhang and others 2021, "Revisiting Few-sample BERT Fine-tuning", section 5.
    """
    layers = model.bert.encoder.layer
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


def _from_onnx(path: Path, dropout: float) -> BertForQuestionAnswering:
    weights, config = onnx_weights(path)
    config.hidden_dropout_prob = dropout
    config.attention_probs_dropout_prob = 0.0
    config._attn_implementation = attention.NAME
    model = BertForQuestionAnswering(config)
    model.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return model.float()
