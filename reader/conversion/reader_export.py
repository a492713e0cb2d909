"""A trained reader's folder to the ONNX files that are run, checked against FP32.

A BERT reader gets a graph of our own, in INT8 with a fallback in FP32 that shares its weights;
another architecture goes through PyTorch's export and ONNX Runtime's quantizer. Needs the
``models`` extra (torch, transformers, onnx). ``answerable.api.modeling.building`` adds tokenizer
and manifest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import read_tokenizer

from ..feeds import has_token_types
from ..golden import Golden, Ids, Score, record, save_golden
from ..session import FALLBACK_NAME
from ..spans import Logits
from ..windows import Window, WindowConfig
from .bert_graph import write_graph
from .bert_int8 import to_int8
from .bert_model import is_bert_reader, load_bert_reader
from .checking import Inputs, check_same, onnx_run, random_inputs, torch_run
from .quantization import BertQuantization, QuantizationConfig, fuse_onnx, quantize_onnx
from .sample_texts import GOLDEN_SAMPLES, sample_windows
from .torch_export import load_library_model, trace_model

MODEL_NAME = "model.onnx"

_OUTPUTS = ("start_logits", "end_logits")

# Blocks cost 10 to 18 % of time; a reader's best spans do not need them.
_OTHER_ARCHITECTURES = QuantizationConfig(contractions_in_blocks=False)
# Of what INT8 is off on the golden windows where it was built. Emulated processors without VNNI
# were off by 0.1 logits more; weights that overflow by 0.4.
_TOLERANCE_FACTOR, _TOLERANCE_LOGITS = 1.5, 0.1

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class BuildChoices:
    """What a user may choose; the rest is what measured best.

    Attributes:
        weight_bits: 7 or 8; None for the default of the model's kind.
        keep_fp32: patterns of names of modules that are not quantized.
        fp32: write the model in FP32, to compare with.
    """

    weight_bits: int | None = None
    keep_fp32: tuple[str, ...] = ()
    fp32: bool = False


def write_reader(
    source: Path,
    folder: Path,
    work: Path,
    *,
    config: Mapping[str, Any],
    max_seq_tokens: int,
    best: BertQuantization,
    choices: BuildChoices,
    on_step: Progress,
) -> float:
    """Write a reader's ONNX files into ``folder`` and return how well they agree with FP32.

    Args:
        source: ``config.json``, ``model.safetensors`` and ``tokenizer.json``.
        folder: exists; gets ``model.onnx`` and, for INT8, golden logits and a fallback.
        work: a folder for temporary files.
        config: what ``config.json`` says.
        max_seq_tokens: of the sample windows.
        best: how a BERT reader is quantized, where the choices say nothing.
        choices: the user's.
        on_step: called with steps done, steps in all and the next step's name.

    Returns:
        The lowest cosine between both models' logits on the sample windows.

    Raises:
        ModelFolderInvalid: the source cannot be loaded.
        AnswerableError: a pattern of ``keep_fp32`` fits nothing.
    """
    model, fp32 = folder / MODEL_NAME, work / "fp32.onnx"
    tokenizer = read_tokenizer(source / "tokenizer.json")
    windows = sample_windows(tokenizer, WindowConfig(max_seq_tokens=max_seq_tokens))
    on_step(0, 3, "reading the weights")
    if not is_bert_reader(config):
        export_reader(source, fp32)
        check_reader(source, fp32, windows, max_seq_tokens)
        on_step(1, 3, "fusing" if choices.fp32 else "quantizing")
        write_onnx(fp32, model, choices)
    else:
        reader = load_bert_reader(source)
        write_graph(reader, fp32, "fp32")
        check_reader(source, fp32, windows, max_seq_tokens)
        on_step(1, 3, "writing" if choices.fp32 else "quantizing")
        if choices.fp32:
            write_graph(reader, model, "fp32")
        else:
            chosen = replace(
                best,
                weight_bits=choices.weight_bits or best.weight_bits,
                keep_fp32=(*best.keep_fp32, *choices.keep_fp32),
            )
            reader = to_int8(reader, windows, work, chosen)
            write_graph(reader, model, "int8")
            write_graph(reader, folder / FALLBACK_NAME, "decoded", codes_in=model)
    on_step(2, 3, "comparing with FP32")
    return compare_readers(windows, fp32, model, choices)


def write_onnx(fp32: Path, model: Path, choices: BuildChoices) -> None:
    """Write the graph of any architecture, fused in FP32 or quantized by ONNX Runtime.

    Raises:
        AnswerableError: a pattern of ``keep_fp32`` fits nothing.
    """
    if choices.fp32:
        fuse_onnx(fp32, model)
    else:
        quantize_onnx(fp32, model, _with(choices, _OTHER_ARCHITECTURES))


def check_reader(folder: Path, exported: Path, windows: Sequence[Window], max_tokens: int) -> float:
    """Compare an ONNX file with the folder it was made of, run by transformers.

    Args:
        folder: of a ``…ForQuestionAnswering``.
        exported: its FP32 ONNX file.
        windows: of real text; random ones are added.
        max_tokens: of the longest random one.

    Returns:
        How far apart a logit is at most.

    Raises:
        ModelFolderInvalid: they differ by more than rounding.
    """
    model = load_library_model(folder, "QuestionAnswering")
    random = random_inputs(model.config.vocab_size, max_tokens, has_token_types(model))
    inputs = [*_inputs(windows), *random]
    return check_same(torch_run(model, _OUTPUTS), onnx_run(exported, _OUTPUTS), inputs, str(folder))


def _inputs(windows: Sequence[Window]) -> list[Inputs]:
    return [(window.token_ids, window.type_ids) for window in windows]


def export_reader(folder: Path, target: Path) -> None:
    """Write a ``…ForQuestionAnswering`` folder (config, safetensors) as ONNX.

    The graph takes int64 ``input_ids``, ``attention_mask`` and, where the model has them,
    ``token_type_ids``, and returns float32 ``start_logits`` and ``end_logits``, all
    (batch, length).

    Raises:
        ModelFolderInvalid: the weights cannot be loaded.
    """
    trace_model(load_library_model(folder, "QuestionAnswering"), _OUTPUTS, target)


def _with(choices: BuildChoices, config: QuantizationConfig) -> QuantizationConfig:
    if choices.weight_bits is not None:
        config = replace(config, reduce_range=choices.weight_bits == 7)
    return replace(config, keep_fp32=choices.keep_fp32)


def compare_readers(
    windows: Sequence[Window], fp32: Path, model: Path, choices: BuildChoices
) -> float:
    """Compare a finished reader with FP32; one in INT8 gets golden logits beside it.

    Returns:
        The lowest cosine between both models' logits on the windows.

    Raises:
        ModelFolderInvalid: it is in FP32 too, and gives other logits.
    """
    expected, actual = _scorer(fp32), _scorer(model)
    inputs = _inputs(windows)
    if choices.fp32:
        check_same(expected, actual, inputs, str(model.name))
    else:
        golden = record(inputs[:GOLDEN_SAMPLES], expected)
        off = golden.largest_difference(actual)
        tolerance = round(_TOLERANCE_FACTOR * off + _TOLERANCE_LOGITS, 3)
        save_golden(model.parent, Golden(tolerance, golden.windows))
    return min(
        cosine(a, b) for each in inputs for a, b in zip(expected(*each), actual(*each), strict=True)
    )


def _scorer(path: Path) -> Score:
    run = onnx_run(path, _OUTPUTS)

    def score(token_ids: Ids, type_ids: Ids) -> tuple[Logits, Logits]:
        start, end = run(token_ids, type_ids)
        return start, end

    return score


def cosine(a: Logits, b: Logits) -> float:
    """Return the cosine of two models' outputs, each flat."""
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
