"""An ONNX file of token vectors, run as if pooling and normalization were part of its graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from answerable.index import ModelFolderInvalid, Vectors, onnx_errors

from .dense_layer import DenseLayer
from .pooling import pool

Feeds = Mapping[str, npt.NDArray[np.int64]]

_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids"})
_TOKEN_NAMES = ("last_hidden_state", "token_embeddings")
_POOLED_NAMES = ("sentence_embedding", "embedding")
_NUMBERS = {"tensor(int32)": np.int32, "tensor(int64)": np.int64}
_LEAST_NORM = 1e-12


@dataclass(frozen=True, slots=True)
class Graph:
    """A loaded ONNX file.

    Attributes:
        output: the output that is read.
        is_pooled: it holds vectors of texts, not of tokens.
    """

    path: Path
    session: ort.InferenceSession
    output: str
    is_pooled: bool


@dataclass(frozen=True, slots=True)
class _Input:
    name: str


class PooledSession:
    """Runs a graph and pools: has of an ``InferenceSession`` what ``OnnxEncoder`` asks for."""

    def __init__(
        self, graph: Graph, width: int, modes: Sequence[str], dense: Sequence[DenseLayer], skip: int
    ) -> None:
        """Pool what ``graph`` gives.

        Args:
            graph: the loaded file; may be shared.
            width: of a token's vector.
            modes: of pooling.
            dense: layers that follow.
            skip: leading tokens that are not pooled.
        """
        self._graph = graph
        self._width = width
        self._modes = tuple(modes)
        self._dense = tuple(dense)
        self._skip = skip
        self._types = {node.name: _NUMBERS[node.type] for node in graph.session.get_inputs()}

    def get_inputs(self) -> list[_Input]:
        """Return the inputs that the caller is asked for: the mask always, positions never."""
        names = {*self._types, "input_ids", "attention_mask"} - {"position_ids"}
        return [_Input(name) for name in sorted(names)]

    def run(self, _outputs: Sequence[str], feeds: Feeds) -> list[Vectors]:
        """Return one array, (n_texts, dimension) float32, of unit vectors.

        Raises:
            ModelFolderInvalid: the graph gives vectors of another shape than the folder says.
        """
        ids = feeds["input_ids"]
        given: dict[str, Any] = dict(feeds)
        given["position_ids"] = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
        wanted = {name: given[name].astype(kind) for name, kind in self._types.items()}
        (values,) = self._graph.session.run([self._graph.output], wanted)
        return [_unit(self._pooled(np.asarray(values, np.float32), feeds["attention_mask"]))]

    def _pooled(self, values: Vectors, mask: npt.NDArray[np.int64]) -> Vectors:
        expected = mask.shape[:1] if self._graph.is_pooled else (*mask.shape, self._width)
        if values.shape[: len(expected)] != expected or values.ndim != 3 - self._graph.is_pooled:
            raise ModelFolderInvalid(
                f"{self._graph.path}: the output {self._graph.output!r} has shape {values.shape}, "
                f"not {expected}"
            )
        if self._graph.is_pooled:
            return values
        vectors = pool(values, mask, self._modes, self._skip)
        for layer in self._dense:
            vectors = layer(vectors)
        return vectors


def load_graph(path: Path) -> Graph:
    """Load an ONNX file that gives vectors of tokens, or of whole texts.

    Raises:
        ModelFolderInvalid: it cannot be loaded, or takes or gives something else.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except onnx_errors() as exc:
        raise ModelFolderInvalid(f"{path} cannot be loaded: {exc}") from exc
    inputs = {node.name: node.type for node in session.get_inputs()}
    if not {"input_ids"} <= inputs.keys() <= _INPUTS or not set(inputs.values()) <= _NUMBERS.keys():
        raise ModelFolderInvalid(f"{path} is no sentence encoder: its inputs are {sorted(inputs)}")
    outputs = session.get_outputs()
    of_tokens = [
        node.name for node in outputs if len(node.shape or ()) == 3 or node.name in _TOKEN_NAMES
    ]
    if of_tokens:
        return Graph(path, session, of_tokens[0], is_pooled=False)
    of_texts = [name for name in _POOLED_NAMES if name in {node.name for node in outputs}]
    if of_texts:
        return Graph(path, session, of_texts[0], is_pooled=True)
    names = sorted(node.name for node in outputs)
    raise ModelFolderInvalid(f"{path} is no sentence encoder: its outputs are {names}")


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(norms, _LEAST_NORM)
    return unit
