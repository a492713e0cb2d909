"""Weights of a BERT reader back from the ONNX file that ``bert_graph`` wrote.

An INT8 file's weights, multiplied out, are within half a step of what they were made from:
enough to train on from a reader of which nobody kept the FP32 weights. Needs onnx.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import ModelFolderInvalid

from .bert_model import Floats

_TABLES = ("word_embeddings", "token_type_embeddings", "position_embeddings")
_QKV = ("query", "key", "value")


def bert_state(path: Path) -> dict[str, Floats]:
    """Return the weights under their names in transformers' BertForQuestionAnswering.

    They compute what the file computes, and are not the ones it was made from: rewritings
    that keep the function, such as other sizes of attention's values, are left as they are.

    Raises:
        ModelFolderInvalid: the file is not one of ours.
    """
    stored = _stored(path)
    state: dict[str, Floats] = {}
    try:
        for name in _TABLES:
            state[f"bert.embeddings.{name}.weight"] = _matrix(stored, name, stored.get(name))
        for name in stored:
            module, _, kind = name.rpartition(".")
            if module.endswith("LayerNorm"):
                state[f"bert.{name}"] = stored[name]
            elif module == "qa_outputs":
                state[name] = stored[name].T
            elif kind == "bias" and module.startswith("encoder.layer.") and "apart" not in module:
                _add_product(state, stored, module)
    except (KeyError, ValueError) as exc:
        raise ModelFolderInvalid(f"{path} is not a reader that this version wrote: {exc}") from exc
    return {name: np.ascontiguousarray(value, np.float32) for name, value in state.items()}


def _stored(path: Path) -> dict[str, Any]:
    import onnx

    try:
        graph = onnx.load(path).graph
    except Exception as exc:  # protobuf's errors have no types that we could import
        raise ModelFolderInvalid(f"cannot read the reader {path}: {exc}") from exc
    return {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _matrix(stored: Mapping[str, Any], name: str, plain: Any) -> Floats:
    value = plain if plain is not None else stored[f"{name}.codes"] * stored[f"{name}.scale"]
    return np.asarray(value, np.float32)


def _add_product(state: dict[str, Floats], stored: Mapping[str, Any], module: str) -> None:
    weight = _matrix(stored, module, stored.get(f"{module}.weight"))
    weight = weight * np.reshape(stored.get(f"{module}.input_scale", np.float32(1)), (-1, 1))
    bias = np.array(stored[f"{module}.bias"])
    wide = module.replace(".output.dense", ".intermediate.dense")
    if f"{wide}.apart.into" in stored and ".attention." not in module:
        _put_back(weight, bias, stored, wide, into=module == wide)
    names = [f"{module}.{name}" for name in _QKV] if module.endswith(".self") else [module]
    matrices, vectors = np.split(weight, len(names), axis=1), np.split(bias, len(names))
    for name, matrix, vector in zip(names, matrices, vectors, strict=True):
        state[f"bert.{name}.weight"] = matrix.T
        state[f"bert.{name}.bias"] = vector


def _put_back(
    weight: Floats, bias: Floats, stored: Mapping[str, Any], wide: str, *, into: bool
) -> None:
    """Put neurons that were computed apart back where zeros keep their places."""
    codes = stored.get(f"{wide}.codes")
    kept = codes if codes is not None else stored[f"{wide}.weight"]
    positions = np.flatnonzero(~kept.any(axis=0))
    if into:
        weight[:, positions] = stored[f"{wide}.apart.into"]
        bias[positions] = stored[f"{wide}.apart.bias"]
    else:
        weight[positions] = stored[f"{wide}.apart.out_of"]
