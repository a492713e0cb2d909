"""Dense layers behind the pooling, in NumPy, their weights read without torch."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid, Vectors

from .configuration import read_object

WEIGHTS_NAME = "model.safetensors"
_MOST_HEADER_BYTES = 1 << 20
_TYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
_erf = np.vectorize(math.erf, otypes=[np.float32])
_ACTIVATIONS: dict[str, Callable[[Vectors], Any]] = {
    "Identity": lambda x: x,
    "Tanh": np.tanh,
    "ReLU": lambda x: np.maximum(x, 0),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "GELU": lambda x: x * 0.5 * (1 + _erf(x / math.sqrt(2))),
}


@dataclass(frozen=True, slots=True)
class DenseLayer:
    """``activation(x @ weight.T + bias)``.

    Attributes:
        weight: (n_out, n_in) float32.
        bias: (n_out,) float32.
    """

    weight: Vectors
    bias: Vectors
    activation: Callable[[Vectors], Any]

    def __call__(self, vectors: Vectors) -> Vectors:
        """Return (n, n_out) of (n, n_in)."""
        result: Vectors = self.activation(vectors @ self.weight.T + self.bias)
        return result


def unknown_in(folder: Path) -> str:
    """Return what of a dense layer's configuration we cannot run; empty if we can.

    Raises:
        ModelFolderInvalid: the configuration cannot be read.
    """
    config = read_object(folder / "config.json")
    activation = _activation_name(config)
    if activation not in _ACTIVATIONS:
        return f"activation {activation}"
    names = {config.get("module_input_name"), config.get("module_output_name")}
    if config.get("use_residual") or not names <= {None, "sentence_embedding"}:
        return "a dense layer of another place"
    return "" if (folder / WEIGHTS_NAME).is_file() else f"a dense layer without {WEIGHTS_NAME}"


def output_width(folder: Path) -> int:
    """Return how long the vectors are that a dense layer gives.

    Raises:
        ModelFolderInvalid: its configuration does not say.
    """
    width = read_object(folder / "config.json").get("out_features")
    if not isinstance(width, int) or width < 1:
        raise ModelFolderInvalid(f"{folder / 'config.json'}: out_features is {width!r}")
    return width


def load_dense(folder: Path, n_in: int) -> DenseLayer:
    """Load a dense layer that takes vectors of length ``n_in``.

    Raises:
        ModelFolderInvalid: its weights are damaged or of another shape.
    """
    n_out = output_width(folder)
    tensors = read_tensors(folder / WEIGHTS_NAME)
    weight = tensors.get("linear.weight")
    bias = tensors.get("linear.bias", np.zeros(n_out, np.float32))
    if weight is None or weight.shape != (n_out, n_in) or bias.shape != (n_out,):
        raise ModelFolderInvalid(f"{folder / WEIGHTS_NAME} holds no layer from {n_in} to {n_out}")
    name = _activation_name(read_object(folder / "config.json"))
    return DenseLayer(weight, bias, _ACTIVATIONS[name])


def read_tensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read the floating-point tensors of a safetensors file, as float32.

    Raises:
        ModelFolderInvalid: the file is not laid out as the format says.

    Source: the format's description in https://github.com/huggingface/safetensors.
    """
    try:
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        if not 2 <= length <= min(_MOST_HEADER_BYTES, len(data) - 8):
            raise ValueError("its header has no sound length")
        header, body = json.loads(data[8 : 8 + length]), memoryview(data)[8 + length :]
        return {
            name: _tensor(body, entry) for name, entry in header.items() if name != "__metadata__"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise ModelFolderInvalid(f"{path} cannot be read as safetensors: {exc}") from exc


def _tensor(body: memoryview, entry: dict[str, Any]) -> npt.NDArray[np.float32]:
    if entry["dtype"] not in _TYPES:
        raise ValueError(f"type {entry['dtype']} is not supported")
    first, last = entry["data_offsets"]
    if not 0 <= first <= last <= len(body):
        raise ValueError("a tensor lies outside the file")
    values = np.frombuffer(body[first:last], _TYPES[entry["dtype"]])
    return values.reshape(entry["shape"]).astype(np.float32)


def _activation_name(config: dict[str, Any]) -> str:
    """Return the name of the activation's class; Tanh where none is given, as in the library."""
    return str(config.get("activation_function") or "Tanh").rpartition(".")[2].removesuffix("()")
