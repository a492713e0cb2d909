"""What a Hugging Face ``config.json`` says of a model, checked; nothing else of it is kept.

Whatever reaches transformers is written anew from the few numbers that are known here, so that
no key of a stranger's file can name code, other packages, or files.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.index import ModelFolderInvalid

from .architectures import ARCHITECTURES, TASK_SUFFIXES, Architecture, Task, architecture_of

CONFIG_NAME = "config.json"
_MAX_BYTES = 1 << 20
# Far above any encoder there is, far below what would fill a machine's memory.
_MOST = {
    "attention_head_size": 4096,
    "conv_kernel_size": 64,
    "dim": 16_384,
    "embedding_size": 16_384,
    "hidden_dim": 65_536,
    "hidden_size": 16_384,
    "inner_group_num": 64,
    "intermediate_size": 65_536,
    "max_position_embeddings": 32_768,
    "max_relative_positions": 32_768,
    "n_heads": 256,
    "n_layers": 256,
    "num_attention_heads": 256,
    "num_hidden_groups": 256,
    "num_hidden_layers": 256,
    "pad_token_id": 4_000_000,
    "position_buckets": 32_768,
    "type_vocab_size": 64,
    "vocab_size": 4_000_000,
}
_MAY_BE_ZERO = {
    "conv_kernel_size",
    "max_relative_positions",
    "pad_token_id",
    "position_buckets",
    "type_vocab_size",
}
_FLAGS = (
    "legacy",
    "position_biased_input",
    "relative_attention",
    "share_att_key",
    "sinusoidal_pos_embds",
    "tie_word_embeddings",
)
_ACTIVATIONS = ("gelu", "gelu_fast", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "tanh")
_ACTIVATION_KEYS = ("hidden_act", "activation", "conv_act")
# What would change the model's function, and is not computed here.
_REFUSED = {
    "add_cross_attention": "cross-attention",
    "is_decoder": "a decoder",
    "is_encoder_decoder": "an encoder with a decoder",
    "pruned_heads": "pruned heads",
    "quantization_config": "weights quantized by another tool",
}


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A model's configuration, of known keys and sane numbers only.

    Attributes:
        architecture: of ``model_type``.
        task: that the file names; None where it names no class.
        values: what transformers is given.
    """

    architecture: Architecture
    task: Task | None
    values: Mapping[str, Any]

    @property
    def n_layers(self) -> int:
        """The number of layers."""
        return int(self.values[self.architecture.layers])

    @property
    def vocab_size(self) -> int:
        """The rows of the word table."""
        return int(self.values["vocab_size"])

    @property
    def max_tokens(self) -> int:
        """The longest input, special tokens included."""
        return int(self.values["max_position_embeddings"]) - self.architecture.reserved_positions


def read_json_object(path: Path, max_bytes: int = _MAX_BYTES) -> dict[str, Any]:
    """Read a JSON object from a file of bounded size.

    Raises:
        ModelFolderInvalid: it cannot be read, is too large, or holds something else.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
        if len(raw) > max_bytes:
            raise ValueError(f"larger than {max_bytes >> 10} KiB")
        value = json.loads(raw.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise ModelFolderInvalid(f"{path} cannot be read: {reason}") from exc
    if not isinstance(value, dict):
        raise ModelFolderInvalid(f"{path} holds no JSON object")
    return value


def read_model_config(folder: Path) -> ModelConfig:
    """Read and check ``config.json``.

    Raises:
        ModelFolderInvalid: it is missing, of an unknown architecture, or says what no model is.
    """
    path = folder / CONFIG_NAME
    given = read_json_object(path)
    architecture = architecture_of(given.get("model_type"))
    if architecture is None:
        known = ", ".join(each.model_type for each in ARCHITECTURES)
        raise ModelFolderInvalid(
            f"{path}: model_type {_short(given.get('model_type'))} is not among those that are "
            f"imported: {known}; export the model to ONNX and import that"
        )
    for key, what in _REFUSED.items():
        if given.get(key):
            raise ModelFolderInvalid(f"{path}: {key} is set: {what} cannot be imported")
    if given.get("position_embedding_type", "absolute") != "absolute":
        raise ModelFolderInvalid(f"{path}: relative positions of this kind cannot be imported")
    values = _checked(given, path)
    missing = {architecture.layers, architecture.width, architecture.heads} - values.keys()
    missing |= {"vocab_size", "max_position_embeddings"} - values.keys()
    if missing:
        raise ModelFolderInvalid(f"{path} does not say {', '.join(sorted(missing))}")
    if values[architecture.width] % values[architecture.heads]:
        raise ModelFolderInvalid(f"{path}: the width is no multiple of the number of heads")
    return ModelConfig(architecture, _task(given, architecture, path), values)


def _checked(given: Mapping[str, Any], path: Path) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, most in _MOST.items():
        value = given.get(key)
        if value is None or (key == "max_relative_positions" and value == -1):
            continue
        least = 0 if key in _MAY_BE_ZERO else 1
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ModelFolderInvalid(f"{path}: {key} is {_short(value)}, not {least} to {most:,}")
        values[key] = value
    for key in _FLAGS:
        if key in given:
            if not isinstance(given[key], bool):
                raise ModelFolderInvalid(
                    f"{path}: {key} is {_short(given[key])}, not true or false"
                )
            values[key] = given[key]
    for key in _ACTIVATION_KEYS:
        if key in given:
            if given[key] not in _ACTIVATIONS:
                raise ModelFolderInvalid(f"{path}: {key} {_short(given[key])} is not known")
            values[key] = given[key]
    epsilon = given.get("layer_norm_eps")
    if epsilon is not None:
        if not isinstance(epsilon, float) or not 0 < epsilon < 1 or not math.isfinite(epsilon):
            raise ModelFolderInvalid(f"{path}: layer_norm_eps is {_short(epsilon)}")
        values["layer_norm_eps"] = epsilon
    return values | _attention_kinds(given, path)


def _attention_kinds(given: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return DeBERTa's two settings that are lists of words, as lists."""
    found = {}
    for key, known in (
        ("pos_att_type", {"c2p", "p2c"}),
        ("norm_rel_ebd", {"layer_norm", "none"}),
    ):
        value = given.get(key)
        if value is None:
            continue
        words = value.split("|") if isinstance(value, str) else value
        if not isinstance(words, list) or not set(map(str, words)) <= known:
            raise ModelFolderInvalid(f"{path}: {key} {_short(value)} is not known")
        found[key] = words if key == "pos_att_type" else "|".join(words)
    return found


def _task(given: Mapping[str, Any], architecture: Architecture, path: Path) -> Task | None:
    names = given.get("architectures")
    if not names:
        return None
    if not isinstance(names, list) or not isinstance(names[0], str):
        raise ModelFolderInvalid(f"{path}: architectures is no list of names")
    task = TASK_SUFFIXES.get(names[0].removeprefix(architecture.stem))
    if task is None or (names[0] == "ElectraForPreTraining"):  # a discriminator: no words
        raise ModelFolderInvalid(
            f"{path}: {_short(names[0])} is neither a reader (…ForQuestionAnswering), nor a "
            "masked-language model (…ForMaskedLM), nor an encoder (…Model)"
        )
    return task


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
