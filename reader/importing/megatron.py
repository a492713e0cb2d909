"""Megatron-LM's BERT: its tensors under Hugging Face's names, its numbers as a ``config.json``.

Megatron keeps queries, keys and values in one matrix, in an order that depends on the version
of its checkpoints; its layers normalize before they attend, as MegatronBert does.

Source: Megatron-LM, megatron/checkpointing.py (``fix_query_key_value_ordering``) and
megatron/model/transformer.py; the names on the other side are transformers'
``MegatronBertForQuestionAnswering``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid

from .hugging_face import write_folder
from .prepared import Prepared
from .torch_file import read_torch_file

Array = npt.NDArray[Any]
CHECKPOINT_NAME = "model_optim_rng.pt"
_EMBEDDINGS = ("word_embeddings", "position_embeddings", "tokentype_embeddings")
_LAYER = re.compile(r"layers\.(\d{1,3})\.(.+)\.(weight|bias)")
_MODULES = {
    "attention.dense": "attention.output.dense",
    "input_layernorm": "attention.ln",
    "mlp.dense_4h_to_h": "output.dense",
    "mlp.dense_h_to_4h": "intermediate.dense",
    "post_attention_layernorm": "ln",
    "self_attention.dense": "attention.output.dense",
}
_QKV = ("attention.query_key_value", "self_attention.query_key_value")
_HEAD_WIDTH = 64  # of every Megatron-BERT that was published
_VERSIONS = (0.0, 1.0, 2.0, 3.0)


def is_megatron(source: Path) -> bool:
    """Tell whether a path is a checkpoint that Megatron-LM named, or a folder of one."""
    return _checkpoint(source) is not None


def prepare_megatron(source: Path, work: Path) -> Prepared:
    """Write a checkpoint as a Hugging Face folder below ``work``.

    The two outputs of a reader are taken from ``qa_outputs`` or ``classifier`` beside the
    language model.

    Args:
        source: ``model_optim_rng.pt``, or a folder with it, or with ``mp_rank_00`` that has it;
            ``vocab.txt`` lies in the same folder or above.
        work: an empty folder.

    Raises:
        ModelFolderInvalid: it cannot be read, is split over several processes, or is no reader.
    """
    path = _checkpoint(source)
    if path is None:
        raise ModelFolderInvalid(f"{source} has no {CHECKPOINT_NAME}")
    if (path.parent.parent / "mp_rank_01").exists():
        raise ModelFolderInvalid(
            f"{source} is split over several processes: merge it with Megatron-LM's "
            "tools/checkpoint first"
        )
    checkpoint = read_torch_file(path)
    model = checkpoint.get("model") if isinstance(checkpoint, dict) else None
    if not isinstance(model, dict) or not isinstance(model.get("language_model"), dict):
        raise ModelFolderInvalid(f"{path} holds no Megatron-LM language model")
    given = checkpoint.get("args")
    given = given if isinstance(given, dict) else {}
    try:
        tensors, config = converted(
            flat_names(model["language_model"]),
            checkpoint.get("checkpoint_version", 0.0),
            n_heads=given.get("num_attention_heads"),
        )
    except ModelFolderInvalid as exc:
        raise ModelFolderInvalid(f"cannot import {path}: {exc}") from exc
    tensors |= _heads(model)
    if "qa_outputs.weight" not in tensors:
        raise ModelFolderInvalid(
            f"{path} has no outputs for start and end: it was not trained to answer questions"
        )
    config["architectures"] = ["MegatronBertForQuestionAnswering"]
    if given.get("bias_gelu_fusion") is True or given.get("openai_gelu") is True:
        config["hidden_act"] = "gelu_new"  # what Megatron's fused kernel computes
    vocabulary, lower_case = _vocabulary(path), _lower_case(given.get("tokenizer_type"))
    folder = work / "folder"
    folder.mkdir()
    write_folder(folder, config, tensors, vocabulary, lower_case=lower_case)
    files = {path.name: path, vocabulary.name: vocabulary}
    return Prepared("hugging-face", folder, files, lower_case=lower_case)


def converted(
    weights: Mapping[str, Array], version: object, *, n_heads: object = None
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return a language model's tensors under transformers' names, and its configuration.

    Args:
        weights: by the names below ``language_model``, joined by points.
        version: of the checkpoint, which says how queries, keys and values are ordered.
        n_heads: None for heads that are 64 wide.

    Raises:
        ModelFolderInvalid: tensors are missing, or have shapes that do not fit each other.
    """
    if version not in _VERSIONS:
        raise ModelFolderInvalid(f"its checkpoint_version {version!r} is not known")
    words = _matrix(weights, "embedding.word_embeddings.weight")
    width = words.shape[1]
    heads = n_heads if isinstance(n_heads, int) and n_heads > 0 else max(1, width // _HEAD_WIDTH)
    if width % heads:
        raise ModelFolderInvalid(f"its width {width} is no multiple of its {heads} heads")
    tensors = {
        f"bert.embeddings.{name.replace('tokentype', 'token_type')}.weight": _matrix(
            weights, f"embedding.{name}.weight"
        )
        for name in _EMBEDDINGS
    }
    n_layers = 0
    for name, value in weights.items():
        part, _, inner = name.partition(".")
        if part not in ("transformer", "encoder"):
            continue
        if inner.startswith("final_layernorm."):
            tensors[f"bert.encoder.ln.{inner.rpartition('.')[2]}"] = value
        elif match := _LAYER.fullmatch(inner):
            n_layers = max(n_layers, int(match[1]) + 1)
            prefix = f"bert.encoder.layer.{int(match[1])}"
            tensors |= _layer(prefix, match[2], match[3], value, float(version), heads)
    if not n_layers:
        raise ModelFolderInvalid("it has no layers under Megatron-LM's names")
    if "bert.encoder.ln.weight" not in tensors:
        raise ModelFolderInvalid("its final layer normalization is missing")
    config = {
        "model_type": "megatron-bert",
        "vocab_size": words.shape[0],
        "hidden_size": width,
        "num_hidden_layers": n_layers,
        "num_attention_heads": heads,
        "intermediate_size": _matrix(
            tensors, "bert.encoder.layer.0.intermediate.dense.weight"
        ).shape[0],
        "max_position_embeddings": tensors["bert.embeddings.position_embeddings.weight"].shape[0],
        "type_vocab_size": tensors["bert.embeddings.token_type_embeddings.weight"].shape[0],
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-5,
    }
    return tensors, config


def in_order(value: Array, version: float, heads: int) -> Array:
    """Return rows as queries, keys and values, each head by head, from a version's own order.

    Raises:
        ModelFolderInvalid: the rows are not three times so many heads.
    """
    rows = value.shape[0]
    if rows % (3 * heads):
        raise ModelFolderInvalid("its matrix of queries, keys and values does not fit its heads")
    width = rows // (3 * heads)
    if version == 1.0:
        split = value.reshape(heads, width, 3, *value.shape[1:])
        value = np.moveaxis(split, 2, 0).reshape(value.shape)
    elif version >= 2.0:
        split = value.reshape(heads, 3, width, *value.shape[1:])
        value = np.moveaxis(split, 1, 0).reshape(value.shape)
    return value


def flat_names(tree: Mapping[Any, Any], prefix: str = "") -> dict[str, Array]:
    """Return the arrays of nested dicts, their keys joined by points."""
    found: dict[str, Array] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= flat_names(value, f"{prefix}{key}.")
        elif isinstance(value, np.ndarray):
            found[f"{prefix}{key}"] = value
    return found


def _layer(
    prefix: str, module: str, kind: str, value: Array, version: float, heads: int
) -> dict[str, Array]:
    if module in _QKV:
        parts = np.split(in_order(value, version, heads), 3)
        names = ("query", "key", "value")
        return {
            f"{prefix}.attention.self.{name}.{kind}": part
            for name, part in zip(names, parts, strict=True)
        }
    if module not in _MODULES:
        raise ModelFolderInvalid(f"its layer has a part {module[:60]!r}, which BERT has not")
    return {f"{prefix}.{_MODULES[module]}.{kind}": value}


def _heads(model: Mapping[str, Any]) -> dict[str, Array]:
    """Return the outputs for start and end, if the model is a reader."""
    for name in ("qa_outputs", "classifier"):
        head = model.get(name)
        if isinstance(head, dict):
            found = flat_names(head)
            if found.get("weight", np.empty(0)).shape[:1] == (2,):
                return {f"qa_outputs.{kind}": value for kind, value in found.items()}
    return {}


def _matrix(weights: Mapping[str, Array], name: str) -> Array:
    value = weights.get(name)
    if value is None or value.ndim != 2 or 0 in value.shape:
        raise ModelFolderInvalid(f"it has no matrix {name}: it is not a Megatron-LM BERT")
    return value


def _checkpoint(source: Path) -> Path | None:
    places = [source] if source.name == CHECKPOINT_NAME else []
    places += [source / CHECKPOINT_NAME, source / "mp_rank_00" / CHECKPOINT_NAME]
    places.append(source / "release" / "mp_rank_00" / CHECKPOINT_NAME)
    return next((path for path in places if path.is_file()), None)


def _vocabulary(path: Path) -> Path:
    for folder in list(path.parents)[:4]:
        for name in ("vocab.txt", "bert-vocab.txt", "bert-large-uncased-vocab.txt"):
            if (folder / name).is_file():
                return folder / name
    raise ModelFolderInvalid(f"no vocab.txt beside {path}: put the model's vocabulary there")


def _lower_case(tokenizer: object) -> bool | None:
    known = {"BertWordPieceLowerCase": True, "BertWordPieceCase": False}
    return known.get(tokenizer) if isinstance(tokenizer, str) else None
