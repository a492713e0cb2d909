"""A BERT reader or encoder as an ONNX graph that holds what one text needs, and nothing else.

The graph that PyTorch traces spends a tenth of its time on a padding mask, on shapes and on
operators that are slower fused than apart; a text alone in its call has no padding. Needs
onnx, imported only when called; what it writes runs on onnxruntime alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .bert_model import Bert, Codes, Floats, Layer, Norm, Pooling, Product, Table

# fp32: codes are ignored. int8: products of codes in 8 bits. decoded: the products of the
# codes' values in FP32; the codes themselves stay in the int8 file.
Form = Literal["fp32", "int8", "decoded"]
Shape = tuple[str | int, ...]

_INPUTS = ("input_ids", "token_type_ids")
_PER_TOKEN = ("batch", "length")
_LOGITS = ("start_logits", "end_logits")
_MICROSOFT = "com.microsoft"
_OPSETS = {"": 17, _MICROSOFT: 1}
_IR_VERSION = 10
_MIN_OUTSIDE_BYTES = 1024  # smaller codes are repeated in the decoded graph


def write_graph(bert: Bert, target: Path, form: Form, codes_in: Path | None = None) -> None:
    """Write a model to the ONNX file ``target``.

    The graph takes int64 ``input_ids`` and ``token_type_ids``, (batch, length), texts of one
    batch being equally long. A reader's returns float32 ``start_logits`` and ``end_logits``, an
    encoder's float32 ``embedding``, (batch, width), of unit length.

    Args:
        bert: with codes where the form asks for them.
        target: the file to write.
        form: how products with codes are computed.
        codes_in: for the form ``decoded``, the int8 file in the same folder.
    """
    import onnx

    graph = _Graph(form, bert.n_heads, bert.epsilon)
    hidden = _embeddings(graph, bert)
    for layer in bert.layers:
        hidden = _layer(graph, layer, hidden)
    if isinstance(bert.head, Pooling):
        _pool(graph, bert.head, hidden)
        model = graph.model("encoder", {"embedding": ("batch", bert.words.values.shape[1])})
    else:
        _head(graph, bert.head, hidden)
        model = graph.model("reader", dict.fromkeys(_LOGITS, _PER_TOKEN))
    if codes_in is not None:
        _point_outside(model, codes_in)
    onnx.save(model, target)


@dataclass
class _Graph:
    """Nodes and constants written so far."""

    form: Form
    n_heads: int
    epsilon: float
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        from onnx import numpy_helper

        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        return self.split(operator, *inputs, parts=1, domain=domain, **attributes)[0]

    def split(
        self, operator: str, *inputs: str, parts: int, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs."""
        from onnx import helper

        outputs = [f"{operator}_{len(self.nodes)}_{i}" for i in range(parts)]
        self.nodes.append(
            helper.make_node(operator, list(inputs), outputs, domain=domain, **attributes)
        )
        return outputs

    def model(self, name: str, outputs: Mapping[str, Shape]) -> Any:
        from onnx import TensorProto, helper

        def values(shapes: Mapping[str, Shape], kind: int) -> list[Any]:
            return [helper.make_tensor_value_info(n, kind, s) for n, s in shapes.items()]

        return helper.make_model(
            helper.make_graph(
                self.nodes,
                name,
                values(dict.fromkeys(_INPUTS, _PER_TOKEN), TensorProto.INT64),
                values(outputs, TensorProto.FLOAT),
                list(self.constants.values()),
            ),
            opset_imports=[helper.make_opsetid(*opset) for opset in _OPSETS.items()],
            ir_version=_IR_VERSION,
        )


def _embeddings(graph: _Graph, bert: Bert) -> str:
    zero = graph.constant("zero", np.array([0], np.int64))
    length = graph.node("Shape", "input_ids", start=1, end=2)

    def first(name: str) -> str:
        return graph.node("Slice", name, zero, length, zero)

    words = _rows(graph, bert.words, lambda name: graph.node("Gather", name, "input_ids"))
    segments = _rows(graph, bert.segments, lambda n: graph.node("Gather", n, "token_type_ids"))
    positions = _rows(graph, bert.positions, first)
    total = graph.node("Add", graph.node("Add", words, segments), positions)
    return _normalized(graph, bert.embedding_norm, total)


def _rows(graph: _Graph, table: Table, pick: Any) -> str:
    """Return rows of a table; of codes, each row times its own scale."""
    if table.codes is None or graph.form == "fp32":
        return str(pick(graph.constant(table.name, table.values)))
    steps = pick(graph.constant(f"{table.name}.codes", table.codes.steps))
    scale = pick(graph.constant(f"{table.name}.scale", table.codes.scale))
    return graph.node("Mul", graph.node("Cast", steps, to=1), scale)  # 1: float32


def _layer(graph: _Graph, layer: Layer, hidden: str) -> str:
    heads = _attention(graph, layer.qkv, hidden)
    attended = graph.node("Add", _product(graph, layer.attended, heads), hidden)
    # Apart: ONNX Runtime's SkipLayerNormalization takes five times as long as the two.
    middle = _normalized(graph, layer.attention_norm, attended)
    narrow = _product(graph, layer.narrow, _gelu(graph, _product(graph, layer.wide, middle)))
    if layer.apart:
        name = layer.wide.name
        into = graph.constant(f"{name}.apart.into", layer.apart.into)
        bias = graph.constant(f"{name}.apart.bias", layer.apart.bias)
        out_of = graph.constant(f"{name}.apart.out_of", layer.apart.out_of)
        neurons = _gelu(graph, graph.node("Add", graph.node("MatMul", middle, into), bias))
        narrow = graph.node("Add", narrow, graph.node("MatMul", neurons, out_of))
    return _normalized(graph, layer.output_norm, graph.node("Add", narrow, middle))


def _attention(graph: _Graph, qkv: Product, hidden: str) -> str:
    """Return the heads' outputs side by side, (batch, length, width)."""
    if qkv.codes is None or graph.form != "int8":
        width = qkv.weight.shape[0]
        sizes = graph.constant("sizes_of_qkv", np.array([width] * 3, np.int64))
        parts = graph.split("Split", _product(graph, qkv, hidden), sizes, parts=3, axis=-1)
        return graph.node("MultiHeadAttention", *parts, domain=_MICROSOFT, num_heads=graph.n_heads)
    codes, scale, zero = _coded(graph, qkv, qkv.codes)
    bias = graph.constant(f"{qkv.name}.bias", qkv.bias)
    x, x_scale, x_zero = graph.split("DynamicQuantizeLinear", _scaled(graph, qkv, hidden), parts=3)
    inputs = (x, codes, bias, x_scale, scale, "", x_zero, zero)
    return graph.node("QAttention", *inputs, domain=_MICROSOFT, num_heads=graph.n_heads)


def _product(graph: _Graph, product: Product, x: str) -> str:
    x = _scaled(graph, product, x)
    bias = graph.constant(f"{product.name}.bias", product.bias)
    if product.codes is None or graph.form == "fp32":
        weight = graph.constant(f"{product.name}.weight", product.weight)
        return graph.node("Add", graph.node("MatMul", x, weight), bias)
    codes, scale, zero = _coded(graph, product, product.codes)
    if graph.form == "decoded":
        weight = graph.node("DequantizeLinear", codes, scale, zero, axis=1)
        return graph.node("Add", graph.node("MatMul", x, weight), bias)
    return graph.node("DynamicQuantizeMatMul", x, codes, scale, zero, bias, domain=_MICROSOFT)


def _coded(graph: _Graph, product: Product, codes: Codes) -> tuple[str, str, str]:
    return (
        graph.constant(f"{product.name}.codes", codes.steps),
        graph.constant(f"{product.name}.scale", codes.scale),
        graph.constant(f"{product.name}.zero", np.zeros(codes.scale.shape, np.int8)),
    )


def _scaled(graph: _Graph, product: Product, x: str) -> str:
    if product.input_scale is None:
        return x
    return graph.node("Mul", x, graph.constant(f"{product.name}.input_scale", product.input_scale))


def _gelu(graph: _Graph, x: str) -> str:
    return graph.node("Gelu", x, domain=_MICROSOFT)


def _normalized(graph: _Graph, norm: Norm, x: str) -> str:
    gain = graph.constant(f"{norm.name}.weight", norm.gain)
    shift = graph.constant(f"{norm.name}.bias", norm.shift)
    return graph.node("LayerNormalization", x, gain, shift, axis=-1, epsilon=graph.epsilon)


def _head(graph: _Graph, head: Product, hidden: str) -> None:
    from onnx import helper

    sizes = graph.constant("sizes_of_logits", np.array([1, 1], np.int64))
    last = graph.constant("last", np.array([-1], np.int64))
    logits = graph.split("Split", _product(graph, head, hidden), sizes, parts=2, axis=-1)
    for part, name in zip(logits, _LOGITS, strict=True):
        graph.nodes.append(helper.make_node("Squeeze", [part, last], [name]))


def _pool(graph: _Graph, pooling: Pooling, hidden: str) -> None:
    from onnx import helper

    if pooling.mode == "cls":
        first = graph.constant("first", np.array([0], np.int64))
        hidden = graph.node("Gather", hidden, first, axis=1)
    pooled = graph.node("ReduceMean", hidden, axes=[1], keepdims=0)
    graph.nodes.append(helper.make_node("LpNormalization", [pooled], ["embedding"], axis=-1, p=2))


def _point_outside(model: Any, codes_in: Path) -> None:
    """Let large codes lie where the int8 file, a plain ONNX file, has them already."""
    from onnx import TensorProto

    content = codes_in.read_bytes()
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.INT8 or len(tensor.raw_data) < _MIN_OUTSIDE_BYTES:
            continue
        place: Mapping[str, str | int] = {
            "location": codes_in.name,
            "offset": content.index(tensor.raw_data),
            "length": len(tensor.raw_data),
        }
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))


def table_codes(values: Floats) -> Codes:
    """Return a table's codes, one scale per row: rows differ in size."""
    scale = np.abs(values).max(axis=1, keepdims=True) / np.float32(127)
    scale[scale == 0] = 1
    return Codes(np.rint(values / scale).astype(np.int8), scale.astype(np.float32))
