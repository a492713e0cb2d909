"""A stranger's ONNX file, rewritten to our names, to the files that are run, checked against it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import AnswerableError, ModelFolderInvalid, onnx_errors, read_tokenizer

from ..importing.onnx_graph import OnnxModel, free_length
from ..windows import Window, WindowConfig
from .checking import Inputs, check_same, onnx_run, random_inputs
from .reader_export import (
    MODEL_NAME,
    BuildChoices,
    Progress,
    compare_readers,
    cosine,
    write_onnx,
)
from .sample_texts import sample_windows

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OnnxLimits:
    """What a plain ONNX model is checked with: its tokenizer, and tokens of a window."""

    tokenizer: Path
    vocab_size: int
    max_seq_tokens: int


def write_imported_onnx(
    source: OnnxModel,
    folder: Path,
    work: Path,
    limits: OnnxLimits,
    choices: BuildChoices,
    on_step: Progress,
) -> float:
    """Write an ONNX model's files into ``folder`` and return how well they agree with FP32.

    A graph of one fixed length is freed of it where it gives the same logits without padding.

    Raises:
        ModelFolderInvalid: rewritten, it gives other values than the file, or INT8 is asked of
            a model that is in 8 bits already.
    """
    if source.is_quantized and not choices.fp32:
        raise ModelFolderInvalid("the ONNX file computes in 8 bits already: leave out --quantize")
    tokenizer = read_tokenizer(limits.tokenizer)
    windows = sample_windows(tokenizer, WindowConfig(max_seq_tokens=limits.max_seq_tokens))
    texts = [(window.token_ids, window.type_ids) for window in windows]
    has_types = any(value.name == "token_type_ids" for value in source.graph.graph.input)
    random = random_inputs(limits.vocab_size, limits.max_seq_tokens, has_types)
    fp32, model = work / "fp32.onnx", folder / MODEL_NAME
    on_step(0, 3, "comparing with the source")
    _write_checked(source, fp32, [*texts, *random])
    on_step(1, 3, "fusing" if choices.fp32 else "quantizing")
    if source.is_quantized:
        model.write_bytes(fp32.read_bytes())
    else:
        write_onnx(fp32, model, choices)
    on_step(2, 3, "comparing with FP32")
    return _agreement(source, fp32, model, windows, choices)


def _write_checked(source: OnnxModel, target: Path, inputs: Sequence[Inputs]) -> None:
    """Write the graph, of any length if that gives the same values, else as it is."""
    if source.fixed_length is not None:
        _save(free_length(source.graph), target)
        refusals: tuple[type[Exception], ...] = (ModelFolderInvalid, *onnx_errors())
        try:
            _check(source, target, inputs)
            return
        except refusals:  # its nodes hold the length
            logger.info("the ONNX file is run at its fixed length of %d", source.fixed_length)
    _save(source.graph, target)
    _check(source, target, inputs)


def _check(source: OnnxModel, target: Path, inputs: Sequence[Inputs]) -> None:
    check_same(source.original, onnx_run(target, source.outputs), inputs, "the ONNX file")


def _save(graph: Any, target: Path) -> None:
    import onnx

    try:
        onnx.save(graph, target)
    except ValueError as exc:  # protocol buffers end at 2 GB
        raise AnswerableError("the model is too large for one ONNX file (2 GB)") from exc


def _agreement(
    source: OnnxModel, fp32: Path, model: Path, windows: Sequence[Window], choices: BuildChoices
) -> float:
    if source.task == "reader":
        return compare_readers(windows, fp32, model, choices)
    expected, actual = onnx_run(fp32, source.outputs), onnx_run(model, source.outputs)
    inputs = [(window.token_ids, np.zeros_like(window.type_ids)) for window in windows]
    if choices.fp32:
        check_same(expected, actual, inputs, MODEL_NAME)
    return min(cosine(expected(*each)[0].ravel(), actual(*each)[0].ravel()) for each in inputs)
