"""A BERT reader as plain arrays: what ``bert_graph`` writes and ``bert_int8`` makes smaller.

A model here is a list of products with weight matrices (``Product``), because they are what
quantization is about; everything else stays floating point.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
class BertReader:
    """A whole reader; its head gives a start and an end logit for each token."""

    words: Table
    segments: Table
    positions: Table
    embedding_norm: Norm
    layers: tuple[Layer, ...]
    head: Product
    n_heads: int
    epsilon: float

    def products(self) -> Iterator[Product]:
        """Yield every product that can be quantized."""
        for layer in self.layers:
            yield from layer.products


def is_bert_reader(config: Mapping[str, Any]) -> bool:
    """Tell whether this module knows the architecture that a ``config.json`` describes."""
    return (
        config.get("architectures") == ["BertForQuestionAnswering"]
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
    )


def load_bert_reader(folder: Path) -> BertReader:
    """Read a folder with ``config.json`` and ``model.safetensors``.

    Raises:
        ModelFolderInvalid: weights are missing or do not fit the configuration.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        stored = load_file(folder / "model.safetensors")
        reader = from_state({k: v.float().numpy() for k, v in stored.items()}, config)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as exc:
        raise ModelFolderInvalid(f"{folder} cannot be loaded as a reader: {exc}") from exc
    _require_fitting(reader, config, folder)
    return reader


def from_state(state: Mapping[str, Floats], config: Mapping[str, Any]) -> BertReader:
    """Arrange weights under their names in transformers; they are not copied.

    Raises:
        KeyError: one is missing.
    """

    def norm(name: str) -> Norm:
        return Norm(name, state[f"bert.{name}.weight"], state[f"bert.{name}.bias"])

    def product(name: str, *parts: str) -> Product:
        sources = [f"bert.{name}{part}" for part in parts or ("",)]
        return Product(
            name,
            np.ascontiguousarray(np.concatenate([state[f"{s}.weight"] for s in sources]).T),
            np.concatenate([state[f"{s}.bias"] for s in sources]),
        )

    def table(name: str) -> Table:
        return Table(name, state[f"bert.embeddings.{name}.weight"])

    def layer(at: str) -> Layer:
        return Layer(
            qkv=product(f"{at}.attention.self", ".query", ".key", ".value"),
            attended=product(f"{at}.attention.output.dense"),
            attention_norm=norm(f"{at}.attention.output.LayerNorm"),
            wide=product(f"{at}.intermediate.dense"),
            narrow=product(f"{at}.output.dense"),
            output_norm=norm(f"{at}.output.LayerNorm"),
        )

    return BertReader(
        words=table("word_embeddings"),
        segments=table("token_type_embeddings"),
        positions=table("position_embeddings"),
        embedding_norm=norm("embeddings.LayerNorm"),
        layers=tuple(layer(f"encoder.layer.{i}") for i in range(int(config["num_hidden_layers"]))),
        head=Product(
            "qa_outputs",
            np.ascontiguousarray(state["qa_outputs.weight"].T),
            state["qa_outputs.bias"],
        ),
        n_heads=int(config["num_attention_heads"]),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
    )


def _require_fitting(reader: BertReader, config: Mapping[str, Any], folder: Path) -> None:
    width, wide = int(config["hidden_size"]), int(config["intermediate_size"])
    shapes = [(width, 3 * width), (width, width), (width, wide), (wide, width)]
    fits = [p.weight.shape for p in reader.products()] == shapes * len(reader.layers)
    for table, rows in (
        (reader.words, "vocab_size"),
        (reader.segments, "type_vocab_size"),
        (reader.positions, "max_position_embeddings"),
    ):
        fits = fits and table.values.shape == (int(config[rows]), width)
    fits = fits and reader.head.weight.shape == (width, 2) and width % reader.n_heads == 0
    if not fits:
        raise ModelFolderInvalid(
            f"{folder} cannot be loaded as a reader: its weights do not fit its config.json"
        )
