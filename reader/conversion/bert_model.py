"""A BERT reader or encoder as plain arrays: what ``bert_graph`` writes and ``bert_int8`` shrinks.

A model here is a list of products with weight matrices (``Product``), because they are what
quantization is about; everything else stays floating point.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Codes:
    """A matrix as 8-bit steps: ``steps * scale`` is near the matrix.

    Attributes:
        steps: int8, the matrix's shape.
        scale: one per column, (n_out,) float32; for tables one per row, (n_rows, 1).
    """

    steps: npt.NDArray[np.int8]
    scale: Floats

    def values(self) -> Floats:
        """Return the matrix again, in float32."""
        return (self.steps * self.scale).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Product:
    """``(x * input_scale) @ weight + bias``.

    Attributes:
        name: of the module, such as ``encoder.layer.0.output.dense``.
        weight: (n_in, n_out).
        bias: (n_out,).
        input_scale: (n_in,), or None for no scaling.
        codes: of the weight; None keeps the product in FP32.
    """

    name: str
    weight: Floats
    bias: Floats
    input_scale: Floats | None = None
    codes: Codes | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """An embedding table, (n_rows, width), with codes or without."""

    name: str
    values: Floats
    codes: Codes | None = None


@dataclass(frozen=True, slots=True)
class Norm:
    """Gain and shift of a layer normalization, each (width,)."""

    name: str
    gain: Floats
    shift: Floats


@dataclass(frozen=True, slots=True)
class Neurons:
    """Feed-forward neurons computed beside the others, in FP32.

    Attributes:
        positions: where they stood in the layer, (n,).
        into: weights into them, (width, n); with their bias, (n,).
        out_of: weights out of them, (n, width).
    """

    positions: npt.NDArray[np.int64]
    into: Floats
    bias: Floats
    out_of: Floats


@dataclass(frozen=True, slots=True)
class Layer:
    """One transformer layer; ``qkv`` gives queries, keys and values side by side."""

    qkv: Product
    attended: Product
    attention_norm: Norm
    wide: Product
    narrow: Product
    output_norm: Norm
    apart: Neurons | None = None

    @property
    def products(self) -> tuple[Product, ...]:
        """The layer's four products in the order in which they run."""
        return self.qkv, self.attended, self.wide, self.narrow


@dataclass(frozen=True, slots=True)
class Pooling:
    """An encoder's head: the unit vector of a text, from all its tokens or from the first."""

    mode: Literal["mean", "cls"]


@dataclass(frozen=True, slots=True)
class Bert:
    """A whole model.

    Attributes:
        head: a reader's gives a start and an end logit for each token; an encoder's pools.
    """

    words: Table
    segments: Table
    positions: Table
    embedding_norm: Norm
    layers: tuple[Layer, ...]
    head: Product | Pooling
    n_heads: int
    epsilon: float

    def products(self) -> Iterator[Product]:
        """Yield every product that can be quantized."""
        for layer in self.layers:
            yield from layer.products


def is_bert_reader(config: Mapping[str, Any]) -> bool:
    """Tell whether this module knows the reader that a ``config.json`` describes."""
    return config.get("architectures") == ["BertForQuestionAnswering"] and _is_usual(config)


def is_bert_encoder(config: Mapping[str, Any]) -> bool:
    """Tell whether this module knows the encoder that a ``config.json`` describes."""
    return config.get("architectures") == ["BertModel"] and _is_usual(config)


def _is_usual(config: Mapping[str, Any]) -> bool:
    return (
        config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
    )


def load_bert_reader(folder: Path) -> Bert:
    """Read a folder with ``config.json`` and ``model.safetensors``.

    Raises:
        ModelFolderInvalid: weights are missing or do not fit the configuration.
    """
    return _load(folder, "a reader", None)


def load_bert_encoder(folder: Path, pooling: Pooling) -> Bert:
    """Read a folder with ``config.json`` and ``model.safetensors``.

    Raises:
        ModelFolderInvalid: weights are missing or do not fit the configuration.
    """
    return _load(folder, "an encoder", pooling)


def _load(folder: Path, kind: str, pooling: Pooling | None) -> Bert:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        stored = load_file(folder / "model.safetensors")
        bert = from_state({k: v.float().numpy() for k, v in stored.items()}, config, pooling)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as exc:
        raise ModelFolderInvalid(f"{folder} cannot be loaded as {kind}: {exc}") from exc
    if not _fits(bert, config):
        raise ModelFolderInvalid(
            f"{folder} cannot be loaded as {kind}: its weights do not fit its config.json"
        )
    return bert


def from_state(
    state: Mapping[str, Floats], config: Mapping[str, Any], pooling: Pooling | None = None
) -> Bert:
    """Arrange weights under their names in transformers; they are not copied.

    Args:
        state: of a BertForQuestionAnswering, or with ``pooling`` of a BertModel.
        config: what ``config.json`` says.
        pooling: an encoder's head; None for a reader's, which is in the weights.

    Raises:
        KeyError: one is missing.
    """
    prefix = "bert." if pooling is None else ""

    def norm(name: str) -> Norm:
        return Norm(name, state[f"{prefix}{name}.weight"], state[f"{prefix}{name}.bias"])

    def product(name: str, *parts: str) -> Product:
        sources = [f"{prefix}{name}{part}" for part in parts or ("",)]
        return Product(
            name,
            np.ascontiguousarray(np.concatenate([state[f"{s}.weight"] for s in sources]).T),
            np.concatenate([state[f"{s}.bias"] for s in sources]),
        )

    def table(name: str) -> Table:
        return Table(name, state[f"{prefix}embeddings.{name}.weight"])

    def layer(at: str) -> Layer:
        return Layer(
            qkv=product(f"{at}.attention.self", ".query", ".key", ".value"),
            attended=product(f"{at}.attention.output.dense"),
            attention_norm=norm(f"{at}.attention.output.LayerNorm"),
            wide=product(f"{at}.intermediate.dense"),
            narrow=product(f"{at}.output.dense"),
            output_norm=norm(f"{at}.output.LayerNorm"),
        )

    return Bert(
        words=table("word_embeddings"),
        segments=table("token_type_embeddings"),
        positions=table("position_embeddings"),
        embedding_norm=norm("embeddings.LayerNorm"),
        layers=tuple(layer(f"encoder.layer.{i}") for i in range(int(config["num_hidden_layers"]))),
        head=pooling
        or Product(
            "qa_outputs",
            np.ascontiguousarray(state["qa_outputs.weight"].T),
            state["qa_outputs.bias"],
        ),
        n_heads=int(config["num_attention_heads"]),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
    )


def _fits(bert: Bert, config: Mapping[str, Any]) -> bool:
    width, wide = int(config["hidden_size"]), int(config["intermediate_size"])
    shapes = [(width, 3 * width), (width, width), (width, wide), (wide, width)]
    fits = [p.weight.shape for p in bert.products()] == shapes * len(bert.layers)
    for table, rows in (
        (bert.words, "vocab_size"),
        (bert.segments, "type_vocab_size"),
        (bert.positions, "max_position_embeddings"),
    ):
        fits = fits and table.values.shape == (int(config[rows]), width)
    if isinstance(bert.head, Product):
        fits = fits and bert.head.weight.shape == (width, 2)
    return fits and width % bert.n_heads == 0
