"""A reader of BERT-large's size in FP32 and INT8, in ONNX Runtime and in OpenVINO.

    python benchmarks/large_reader.py build large/
    python benchmarks/large_reader.py measure large/

Random weights: only speed is measured. ``build`` writes the same network as a plain graph (FP32,
and INT8 with the activations' ranges fixed, which both engines read) and as this project's own
(FP32 and INT8). ``measure`` runs one window of 384 tokens at a time on all cores, the variants in
turn, and writes ``results/large_reader.json``: passages a second, the ratio to the same engine's
FP32 on the plain graph, and how much of the processor's measured ceiling is used. Needs the extra
``models`` and the package ``openvino``; ``build`` takes 10 minutes and 8 GB, ``measure`` about 2
minutes at the full size. ``--layers 2`` tries it small.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from report import write_report

from answerable.reader.conversion.bert_graph import write_graph
from answerable.reader.conversion.bert_int8 import to_int8
from answerable.reader.conversion.bert_model import from_state
from answerable.reader.conversion.encoder_export import TokenSample
from answerable.reader.feeds import InputForm

VOCABULARY, WIDTH, WIDE, HEADS, POSITIONS = 30522, 1024, 4096, 16, 512
TOKENS = 384
PLAIN, PLAIN_INT8, OWN, OWN_INT8 = "plain.onnx", "plain-int8.onnx", "own.onnx", "own-int8.onnx"
VARIANTS = {
    "onnxruntime, plain graph, FP32": ("onnxruntime", PLAIN),
    "onnxruntime, plain graph, INT8": ("onnxruntime", PLAIN_INT8),
    "onnxruntime, own graph, FP32": ("onnxruntime", OWN),
    "onnxruntime, own graph, INT8": ("onnxruntime", OWN_INT8),
    "openvino, plain graph, FP32": ("openvino", PLAIN),
    "openvino, plain graph, INT8": ("openvino", PLAIN_INT8),
}
SIZE_NAME = "size.json"


def main() -> None:
    """Build or measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=["build", "measure"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layers", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=5, help="rounds over all variants")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--ceiling-int8", type=float, default=605, help="GMAC/s on these cores")
    parser.add_argument("--ceiling-fp32", type=float, default=151, help="GMAC/s on these cores")
    parser.add_argument("--no-report", action="store_true", help="print, and write nothing")
    arguments = parser.parse_args()
    if arguments.step == "build":
        arguments.folder.mkdir(parents=True)
        build(arguments.folder, arguments.layers)
    else:
        measure(arguments)


def build(folder: Path, layers: int) -> None:
    """Write the network four times."""
    import torch
    from transformers import BertConfig, BertForQuestionAnswering

    from answerable.reader.conversion.torch_export import trace_model

    config = {
        "vocab_size": VOCABULARY,
        "hidden_size": WIDTH,
        "num_hidden_layers": layers,
        "num_attention_heads": HEADS,
        "intermediate_size": WIDE,
        "max_position_embeddings": POSITIONS,
    }
    torch.manual_seed(0)
    library_config = BertConfig(**config, attn_implementation="eager")
    model = BertForQuestionAnswering(library_config).eval()
    trace_model(model, ("start_logits", "end_logits"), folder / PLAIN)
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    bert = from_state(state, config)
    write_graph(bert, folder / OWN, "fp32")
    write_graph(to_int8(bert, windows(4), folder), folder / OWN_INT8, "int8")
    (folder / "observed.onnx").unlink()
    del model, state, bert
    quantize_plain(folder)
    (folder / SIZE_NAME).write_text(json.dumps({"layers": layers}), encoding="utf-8")


def quantize_plain(folder: Path) -> None:
    """Write the plain graph in INT8, activations' ranges fixed on samples."""
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Samples(CalibrationDataReader):  # type: ignore[misc]  # the library has no types
        def __init__(self) -> None:
            self._left = [plain_feeds(window) for window in windows(2)]

        def get_next(self) -> dict[str, Any] | None:
            return self._left.pop() if self._left else None

    quantize_static(
        folder / PLAIN,
        folder / PLAIN_INT8,
        Samples(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        extra_options={"MatMulConstBOnly": True, "WeightSymmetric": True},
    )


def windows(count: int) -> list[TokenSample]:
    """Return random windows of 384 tokens."""
    random = np.random.default_rng(0)
    types = (np.arange(TOKENS) > 60).astype(np.int64)
    return [TokenSample(random.integers(0, VOCABULARY, TOKENS), types) for _ in range(count)]


def plain_feeds(window: TokenSample) -> dict[str, Any]:
    """Return what the plain graph is fed."""
    return {
        "input_ids": window.token_ids[None],
        "attention_mask": np.ones((1, TOKENS), np.int64),
        "token_type_ids": window.type_ids[None],
    }


def measure(arguments: argparse.Namespace) -> None:
    """Run the variants in turn and report."""
    layers = json.loads((arguments.folder / SIZE_NAME).read_text(encoding="utf-8"))["layers"]
    window = windows(1)[0]
    runs = {
        name: ENGINES[engine](arguments.folder / file, arguments.threads, window)
        for name, (engine, file) in VARIANTS.items()
    }
    for run in runs.values():
        run()  # what is made on the first call is not what is measured
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(arguments.repeats):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    figures = {}
    for name, values in seconds.items():
        base = seconds[f"{name.partition(',')[0]}, plain graph, FP32"]
        ceiling = arguments.ceiling_int8 if "INT8" in name else arguments.ceiling_fp32
        figures[name] = row(values, base, layers, ceiling)
        print(f"{name:<32} {figures[name]}")
    if not arguments.no_report:
        write_report(
            "large_reader",
            {
                "layers": layers,
                "width": WIDTH,
                "tokens": TOKENS,
                "giga_multiplications_a_passage": round(multiplications(layers) / 1e9, 1),
                "threads": arguments.threads,
                "rounds": arguments.repeats,
                "ceiling_gmac_s": {
                    "int8": arguments.ceiling_int8,
                    "fp32": arguments.ceiling_fp32,
                },
                "openvino": version("openvino"),
                "variants": figures,
            },
        )


def row(values: list[float], base: list[float], layers: int, ceiling: float) -> dict[str, Any]:
    """Return one variant's figures; the ratios are of calls that stood beside each other."""
    median = statistics.median(values)
    ratios = [slow / fast for slow, fast in zip(base, values, strict=True)]
    rate = multiplications(layers) / 1e9 / median
    return {
        "passages_a_second": round(1 / median, 3),
        "seconds": [round(value, 4) for value in sorted(values)],
        "times_as_fast_as_fp32": round(statistics.median(ratios), 2),
        "ratio_spread": [round(min(ratios), 2), round(max(ratios), 2)],
        "gops": round(2 * rate, 1),
        "share_of_ceiling": round(rate / ceiling, 3),
    }


def multiplications(layers: int) -> float:
    """Return the multiplications of one window: products with weights, and attention."""
    weights = 4 * WIDTH * WIDTH + 2 * WIDTH * WIDE
    return layers * (TOKENS * weights + 2 * TOKENS * TOKENS * WIDTH)


def onnx_runtime(path: Path, threads: int, window: TokenSample) -> Callable[[], object]:
    """Return a call of ONNX Runtime."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    feeds = InputForm.of(session.get_inputs()).feeds(window.token_ids, window.type_ids)
    return lambda: session.run(None, feeds)


def open_vino(path: Path, threads: int, window: TokenSample) -> Callable[[], object]:
    """Return a call of OpenVINO, which is told the shape."""
    import openvino

    model = openvino.Core().read_model(path)
    model.reshape({each.any_name: [1, TOKENS] for each in model.inputs})
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    if "int8" not in path.name:
        settings["INFERENCE_PRECISION_HINT"] = "f32"  # not half of it, where the processor can
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    request, feeds = compiled.create_infer_request(), plain_feeds(window)
    return lambda: request.infer(feeds)


ENGINES = {"onnxruntime": onnx_runtime, "openvino": open_vino}


if __name__ == "__main__":
    main()
