"""The weights of one of this project's ONNX readers, multiplied out again.

A shipped reader is INT8; its weights are within half a step of the ones it was made from, so
that training can go on where nobody kept the FP32 weights. Two layouts are known: that of
``bert_graph.py``, and that of PyTorch's export after ``quantization.py``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from transformers import BertConfig

from ..conversion.bert_weights import bert_state

Weights = dict[str, npt.NDArray[np.float32]]
Stored = Mapping[str, npt.NDArray[Any]]

_EXPORTED = re.compile(r"^/?model/(.*)/(?:MatMul|Add)_?\w*output_0$")
_SUFFIXES = ("_quantized", "_scale", "_zero_point")


def onnx_weights(path: Path) -> tuple[Weights, BertConfig]:
    """Return an ONNX reader's weights by their names in transformers, in FP32, and its shape.

    Raises:
        KeyError: the graph is laid out in neither way.
        ValueError: likewise, or it is no ONNX file.
    """
    import onnx
    from onnx import numpy_helper

    try:
        graph = onnx.load(path, load_external_data=False).graph
        stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    except Exception as exc:  # whatever the parser meets in a damaged file
        raise ValueError(f"it is not an ONNX file: {exc}") from exc
    is_exported = any(name.startswith("model.bert.") for name in stored)
    weights = _of_export(graph, stored) if is_exported else bert_state(path)
    return weights, _config(weights, _n_heads(graph, weights))


def _of_export(graph: Any, stored: Stored) -> Weights:
    """Read the names that PyTorch gave, and the products by the modules they stand in."""
    weights: Weights = {
        name.removeprefix("model."): value
        for name, value in stored.items()
        if name.startswith("model.") and not name.endswith(_SUFFIXES)
    }
    for node in graph.node:
        codes = next((i for i in node.input if i.endswith("_quantized") and i in stored), None)
        if codes is None:
            continue
        name = codes.removesuffix("_quantized")
        steps = stored[codes].astype(np.float32) - stored[f"{name}_zero_point"]
        value = steps * stored[f"{name}_scale"]
        if node.op_type == "Gather":
            weights[name.removeprefix("model.")] = value
        elif match := _EXPORTED.match(node.output[0]):
            weights[f"{match[1].replace('/', '.')}.weight"] = np.ascontiguousarray(value.T)
    return weights


def _config(weights: Weights, n_heads: int) -> BertConfig:
    vocabulary, width = weights["bert.embeddings.word_embeddings.weight"].shape
    layers = [name for name in weights if name.endswith("intermediate.dense.weight")]
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=len(layers),
        num_attention_heads=n_heads,
        intermediate_size=len(weights[layers[0]]),
        max_position_embeddings=len(weights["bert.embeddings.position_embeddings.weight"]),
    )


def _n_heads(graph: Any, weights: Weights) -> int:
    """Return the attention heads: a number in the graph, or from what divides their scores."""
    width: int = weights["bert.embeddings.word_embeddings.weight"].shape[1]
    for node in graph.node:
        values = {attribute.name: attribute for attribute in node.attribute}
        if "num_heads" in values:
            return int(values["num_heads"].i)
        if node.op_type == "FusedMatMul" and "alpha" in values:
            width_of_head: int = round(values["alpha"].f ** -2)
            return width // width_of_head
    raise ValueError("it does not tell its number of attention heads")
