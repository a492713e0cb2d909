"""FP32 ONNX transformer to INT8: encoders, and readers that are not BERT.

A BERT reader takes ``bert_int8``, which is faster and loses less. Needs the ``models`` extra (onnx), imported only when called; what it writes runs on
onnxruntime alone.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from answerable.index import AnswerableError

_BLOCK_ROWS = 128
_INT8_STEPS = 127  # symmetric: -127 to 127
_ZERO_POINT = 128  # MatMulNBits stores unsigned bytes
_INT8_ACTIVATIONS = 4  # MatMulNBits' accuracy_level: multiply in 8 bits


@dataclass(frozen=True, slots=True)
class QuantizationConfig:
    """How weights become 8-bit integers; activations are quantized while running.

    The figures are cosines of all-MiniLM-L6-v2 to its FP32 self on Wikipedia paragraphs.

    Attributes:
        per_channel: one scale per output column; with one per matrix, 0.994 falls to 0.953.
        reduce_range: weights in 7 bits, for 0.001 of cosine. Processors without VNNI add two
            8-bit products in 16 bits, which weights of full range overflow.
            Source: ONNX Runtime's documentation, "Quantize ONNX models".
        contractions_in_blocks: matrices of more rows than columns, which follow a feed-forward
            layer's activation and meet its outliers, get a scale per block of 128 rows, and
            their inputs one per block and token. 0.9935 becomes 0.9964 and takes 16 % more time.
        embeddings: also the embedding tables, half of a small model's size.
        keep_fp32: patterns of module names, such as ``*.layer.0.*``, that are not quantized.
    """

    per_channel: bool = True
    reduce_range: bool = True
    contractions_in_blocks: bool = True
    embeddings: bool = True
    keep_fp32: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BertQuantization:
    """How a BERT reader becomes INT8; the defaults are what measured best.

    Attributes:
        weight_bits: 8 with pairs held back, or 7; see ``weight_codes``.
        keep_fp32: patterns of product names, such as ``encoder.layer.0.*`` or
            ``*.output.dense``, that are not quantized.
        level_inputs: scale down the largest channels of a product's input, and the matching
            rows of its weights up. Source: Xiao et al. 2023, "SmoothQuant".
        neurons_apart: feed-forward neurons per layer, those with the largest outputs, that are
            computed in FP32. Source: Dettmers et al. 2022, "LLM.int8()".
        correct_biases: add the mean error of each product to its bias.
            Source: Nagel et al. 2019, "Data-Free Quantization".
        embeddings: tables as 8-bit codes too, with a scale per row.
    """

    weight_bits: int = 8
    keep_fp32: tuple[str, ...] = ()
    level_inputs: bool = True
    neurons_apart: int = 8
    correct_biases: bool = True
    embeddings: bool = True


def quantize_onnx(
    source: Path, target: Path, config: QuantizationConfig = QuantizationConfig()
) -> None:
    """Quantize the weights of an ONNX model, fuse its graph, and write it to ``target``.

    Fusing is the runtime's own, done once here so that loading need not repeat it. It beat
    ``onnxruntime.transformers.optimizer`` (fused attention, skip and embedding layers) by
    about 11 % of time per call at equal fidelity on both of our models.

    Raises:
        AnswerableError: a pattern of ``keep_fp32`` fits no product.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        inferred, quantized, fused = (Path(folder) / f"{i}.onnx" for i in range(3))
        quant_pre_process(source, inferred, skip_optimization=True, skip_symbolic_shape=True)
        model = onnx.load(inferred)
        kept = _kept(model, config.keep_fp32)
        if config.contractions_in_blocks:
            _quantize_contractions(model, kept)
        quantize_dynamic(
            model,
            quantized,
            op_types_to_quantize=["MatMul", "Gather"] if config.embeddings else ["MatMul"],
            per_channel=config.per_channel,
            reduce_range=config.reduce_range,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=sorted(kept),
            extra_options={
                "MatMulConstBOnly": True,  # not the products inside attention
                "DefaultTensorType": onnx.TensorProto.FLOAT,  # behind MatMulNBits
            },
        )
        _fuse(quantized, fused)
        _write_without_origin(fused, target)


def fuse_onnx(source: Path, target: Path) -> None:
    """Fuse an FP32 graph as ``quantize_onnx`` does, and write it to ``target``."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        fused = Path(folder) / "fused.onnx"
        _fuse(source, fused)
        _write_without_origin(fused, target)


def _kept(model: Any, patterns: Sequence[str]) -> set[str]:
    """Return the nodes that stay in FP32; a node's path names its module."""
    modules = {
        node.name: node.name.strip("/").rpartition("/")[0].replace("/", ".")
        for node in model.graph.node
        if node.op_type in {"MatMul", "Gather"}
    }
    kept: set[str] = set()
    for pattern in patterns:
        found = {name for name, module in modules.items() if fnmatch(module, pattern)}
        if not found:
            raise AnswerableError(
                f"no module is named {pattern!r}; names are such as "
                f"{', '.join(sorted(set(modules.values()))[:4])}"
            )
        kept |= found
    return kept


def _quantize_contractions(model: Any, kept: set[str]) -> None:
    """Turn products with tall weight matrices into MatMulNBits nodes, in place."""
    from onnx import helper, numpy_helper

    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "MatMul" or node.input[1] not in weights or node.name in kept:
            continue
        name = node.input[1]
        matrix = numpy_helper.to_array(weights[name])
        n_rows, n_columns = matrix.shape
        if n_rows <= n_columns or n_rows % _BLOCK_ROWS:
            continue
        blocks = matrix.T.reshape(n_columns, n_rows // _BLOCK_ROWS, _BLOCK_ROWS)
        scales = np.abs(blocks).max(axis=2, keepdims=True) / _INT8_STEPS
        scales[scales == 0] = 1  # an all-zero block: any scale will do
        codes = (np.rint(blocks / scales) + _ZERO_POINT).astype(np.uint8)
        model.graph.initializer.extend(
            [
                numpy_helper.from_array(codes, f"{name}_codes"),
                numpy_helper.from_array(scales[:, :, 0].astype(np.float32), f"{name}_scales"),
            ]
        )
        node.op_type, node.domain = "MatMulNBits", "com.microsoft"
        node.input[1] = f"{name}_codes"
        node.input.append(f"{name}_scales")
        settings = {
            "K": n_rows,
            "N": n_columns,
            "bits": 8,
            "block_size": _BLOCK_ROWS,
            "accuracy_level": _INT8_ACTIVATIONS,
        }
        node.attribute.extend(helper.make_attribute(key, settings[key]) for key in settings)
        model.graph.initializer.remove(weights.pop(name))
    if "com.microsoft" not in {opset.domain for opset in model.opset_import}:
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _fuse(source: Path, target: Path) -> None:
    options = ort.SessionOptions()
    options.log_severity_level = 3  # errors; saving a fused graph warns of its portability
    # The highest level whose result does not depend on the processor it was made on.
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def _write_without_origin(source: Path, target: Path) -> None:
    """Copy a model without the notes that tools leave: file paths, stack traces, versions."""
    import onnx

    model = onnx.load(source)
    for part in (model, model.graph, *model.graph.node):
        for note in ("doc_string", "metadata_props", "producer_name", "producer_version"):
            if note in part.DESCRIPTOR.fields_by_name:
                part.ClearField(note)
    onnx.save(model, target)
