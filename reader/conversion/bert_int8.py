"""A BERT reader or encoder in FP32 to one in INT8 that loses next to nothing.

Activations are quantized while running, one scale per tensor, so a single large value costs
all others their precision. Samples show where such values are; three rewritings that
leave the FP32 function as it is keep them away from the 8-bit products, and a fourth takes
the average error of rounded weights out of the biases. ``benchmarks/quantization.py`` measures
each; figures are in ``benchmarks/LOG.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from answerable.index import AnswerableError

from .bert_graph import table_codes, write_graph
from .bert_model import Bert, Floats, Layer, Neurons, Product, Table
from .quantization import BertQuantization
from .weight_codes import weight_codes

_HIGH = 95  # percentile of the channels' peaks to which a higher peak is scaled down
_SMALLEST_PEAK = 1e-3


class Sample(Protocol):
    """What is fed to the model as one text: a reader's window, or an encoder's tokens."""

    @property
    def token_ids(self) -> npt.NDArray[np.int64]:
        """Special tokens included, (n_tokens,)."""

    @property
    def type_ids(self) -> npt.NDArray[np.int64]:
        """The segment of each token, (n_tokens,)."""


@dataclass(frozen=True, slots=True)
class InputRange:
    """What a product's input was on the samples, per channel: (n_in,) each."""

    peak: Floats
    mean: Floats
    mean_square: Floats

    def scaled(self, factors: Floats) -> "InputRange":
        """Return the range of the input times ``factors``."""
        return InputRange(self.peak * factors, self.mean * factors, self.mean_square * factors**2)


def to_int8(
    bert: Bert,
    samples: Sequence[Sample],
    work: Path,
    config: BertQuantization = BertQuantization(),
) -> Bert:
    """Return the model with codes, rewritten so that they lose little.

    Args:
        bert: in FP32.
        samples: texts that show the range of every input.
        work: a folder for temporary files.
        config: what to do.

    Raises:
        AnswerableError: a pattern of ``keep_fp32`` fits no product.
    """
    names = [product.name for product in bert.products()]
    for pattern in config.keep_fp32:
        if not any(fnmatch(name, pattern) for name in names):
            raise AnswerableError(
                f"no product is named {pattern!r}; names are such as {', '.join(names[:4])}"
            )
    ranges = _observe(bert, samples, work)
    layers = tuple(_layer_to_int8(layer, ranges, config) for layer in bert.layers)
    tables = {name: getattr(bert, name) for name in ("words", "positions")}
    if config.embeddings:
        tables = {name: _coded_table(table) for name, table in tables.items()}
    return replace(bert, layers=layers, **tables)


def _coded_table(table: Table) -> Table:
    return replace(table, codes=table_codes(table.values))


def _observe(bert: Bert, samples: Sequence[Sample], work: Path) -> Mapping[str, InputRange]:
    """Run the FP32 graph and return the range of each product's input, by product."""
    import onnx

    path = work / "observed.onnx"
    write_graph(bert, path, "fp32")
    model = onnx.load(path)
    inputs = {
        node.input[1].removesuffix(".weight"): node.input[0]
        for node in model.graph.node
        if node.op_type == "MatMul"
    }
    shown = [inputs[product.name] for product in bert.products()]
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        for name in dict.fromkeys(shown)
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    totals: dict[str, tuple[Floats, Floats, Floats]] = {}
    for sample in samples:
        feeds = {"input_ids": sample.token_ids[None], "token_type_ids": sample.type_ids[None]}
        for name, value in zip(shown, session.run(shown, feeds), strict=True):
            rows = value[0]
            seen = (np.abs(rows).max(0), rows.sum(0), (rows**2).sum(0))
            peak, total, squares = totals.get(name, tuple(map(np.zeros_like, seen)))
            totals[name] = (np.maximum(peak, seen[0]), total + seen[1], squares + seen[2])
    n_tokens = np.float32(sum(len(sample.token_ids) for sample in samples))
    return {
        product.name: InputRange(
            np.maximum(totals[name][0], _SMALLEST_PEAK),
            totals[name][1] / n_tokens,
            totals[name][2] / n_tokens,
        )
        for product, name in zip(bert.products(), shown, strict=True)
    }


def _layer_to_int8(
    layer: Layer, ranges: Mapping[str, InputRange], config: BertQuantization
) -> Layer:
    seen = dict(ranges)

    def quantized(product: Product, can_scale_input: bool = True) -> Product:
        if any(fnmatch(product.name, pattern) for pattern in config.keep_fp32):
            return product
        range_ = seen[product.name]
        if config.level_inputs and can_scale_input:
            product, range_ = _leveled(product, range_)
        return _coded(product, range_, config)

    if config.level_inputs:
        factors = _even_values(layer, seen[layer.attended.name])
        seen[layer.attended.name] = seen[layer.attended.name].scaled(factors)
        layer = _with_scaled_values(layer, factors)
    if config.neurons_apart:
        layer = _with_neurons_apart(layer, seen[layer.narrow.name], config.neurons_apart)
        seen[layer.narrow.name] = _without(seen[layer.narrow.name], layer.apart)
    return replace(
        layer,
        qkv=quantized(layer.qkv),
        attended=quantized(layer.attended, can_scale_input=False),
        wide=quantized(layer.wide),
        # Scaling four times as many channels takes more time than the neurons apart.
        narrow=quantized(layer.narrow, can_scale_input=False),
    )


def _leveled(product: Product, seen: InputRange) -> tuple[Product, InputRange]:
    """Scale the channels with the highest peaks down to the others."""
    factors = np.minimum(1, np.percentile(seen.peak, _HIGH) / seen.peak).astype(np.float32)
    leveled = replace(product, weight=product.weight / factors[:, None], input_scale=factors)
    return leveled, seen.scaled(factors)


def _even_values(layer: Layer, seen: InputRange) -> Floats:
    """Return factors for attention's values: half of what would level their peaks."""
    weights = np.maximum(np.abs(layer.attended.weight).max(axis=1), _SMALLEST_PEAK)
    factors = np.sqrt(weights / seen.peak)
    even: Floats = (factors / factors.mean()).astype(np.float32)
    return even


def _with_scaled_values(layer: Layer, factors: Floats) -> Layer:
    """Give attention's values other sizes, at no cost: the next product takes it back."""
    all_factors = np.concatenate([np.ones(2 * len(factors), np.float32), factors])
    qkv, attended = layer.qkv, layer.attended
    return replace(
        layer,
        qkv=replace(qkv, weight=qkv.weight * all_factors, bias=qkv.bias * all_factors),
        attended=replace(attended, weight=attended.weight / factors[:, None]),
    )


def _with_neurons_apart(layer: Layer, seen: InputRange, count: int) -> Layer:
    """Take the neurons with the highest peaks out of the two feed-forward products."""
    positions = np.sort(np.argsort(-seen.peak)[:count])
    wide, narrow = layer.wide, layer.narrow
    apart = Neurons(
        positions, wide.weight[:, positions], wide.bias[positions], narrow.weight[positions]
    )
    stays = np.ones(len(wide.bias), np.float32)
    stays[positions] = 0  # a neuron without weights and bias gives gelu(0) = 0
    return replace(
        layer,
        wide=replace(wide, weight=wide.weight * stays, bias=wide.bias * stays),
        narrow=replace(narrow, weight=narrow.weight * stays[:, None]),
        apart=apart,
    )


def _without(seen: InputRange, apart: Neurons | None) -> InputRange:
    stays = np.ones_like(seen.peak)
    if apart is not None:
        stays[apart.positions] = 0
    return seen.scaled(stays)


def _coded(product: Product, seen: InputRange, config: BertQuantization) -> Product:
    codes = weight_codes(product.weight, seen.mean_square, config.weight_bits)
    bias = product.bias
    if config.correct_biases:
        bias = bias + seen.mean @ (product.weight - codes.values())
    return replace(product, codes=codes, bias=bias.astype(np.float32))
