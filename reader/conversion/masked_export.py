"""A masked-language model's folder to the ONNX file that is run, checked against FP32.

The graph gives ``logits``, (batch, length, vocabulary): for each token, how well each word of the
vocabulary fits its place. Needs the ``models`` extra (torch, transformers, onnx).
"""

from pathlib import Path
from typing import Any

import numpy as np

from answerable.index import ModelFolderInvalid, read_tokenizer

from ..feeds import has_token_types
from .checking import Inputs, check_same, onnx_run, random_inputs, torch_run
from .reader_export import MODEL_NAME, BuildChoices, Progress, cosine, write_onnx
from .sample_texts import SAMPLES
from .torch_export import load_library_model, trace_model

_OUTPUTS = ("logits",)
_MASKS = ("[MASK]", "<mask>")
_SAMPLE_TEXTS = 4  # logits over a whole vocabulary are large


def write_masked_lm(
    source: Path,
    folder: Path,
    work: Path,
    *,
    max_seq_tokens: int,
    choices: BuildChoices,
    on_step: Progress,
) -> float:
    """Write a masked-language model's ONNX file into ``folder``.

    Args:
        source: ``config.json``, ``model.safetensors`` and ``tokenizer.json``.
        folder: exists; gets ``model.onnx``.
        work: a folder for temporary files.
        max_seq_tokens: of the sample texts.
        choices: the user's.
        on_step: called with steps done, steps in all and the next step's name.

    Returns:
        The lowest cosine between its logits and FP32's on sample texts.

    Raises:
        ModelFolderInvalid: the source cannot be loaded, or gives other logits once converted.
        AnswerableError: a pattern of ``keep_fp32`` fits nothing.
    """
    fp32, model = work / "fp32.onnx", folder / MODEL_NAME
    on_step(0, 3, "reading the weights")
    original = load_library_model(source, "MaskedLM")
    trace_model(original, _OUTPUTS, fp32)
    texts = _texts(source, max_seq_tokens)
    random = random_inputs(original.config.vocab_size, max_seq_tokens, has_token_types(original))
    exported = onnx_run(fp32, _OUTPUTS)
    check_same(torch_run(original, _OUTPUTS), exported, [*texts, *random], str(source))
    del original
    on_step(1, 3, "fusing" if choices.fp32 else "quantizing")
    write_onnx(fp32, model, choices)
    on_step(2, 3, "comparing with FP32")
    finished = onnx_run(model, _OUTPUTS)
    if choices.fp32:
        check_same(exported, finished, texts, MODEL_NAME)
    return min(cosine(exported(*each)[0].ravel(), finished(*each)[0].ravel()) for each in texts)


def masked_lm_settings(source: Path) -> dict[str, str]:
    """Return what a masked-language model must be run with, beside its length: the mask.

    Raises:
        ModelFolderInvalid: its tokenizer cannot be read, or has no mask.
    """
    tokenizer = read_tokenizer(source / "tokenizer.json")
    mask = next((each for each in _MASKS if tokenizer.token_to_id(each) is not None), None)
    if mask is None:
        raise ModelFolderInvalid(f"{source}: the tokenizer has no token for a masked word")
    return {"mask_token": mask}


def _texts(source: Path, max_seq_tokens: int) -> list[Inputs]:
    """Return sample passages, each with its fifth token masked."""
    tokenizer = read_tokenizer(source / "tokenizer.json")
    mask: Any = tokenizer.token_to_id(masked_lm_settings(source)["mask_token"])
    inputs = []
    for _, passage in SAMPLES[:_SAMPLE_TEXTS]:
        ids = np.array(tokenizer.encode(passage).ids[:max_seq_tokens], np.int64)
        ids[min(5, len(ids) - 1)] = mask
        inputs.append((ids, np.zeros_like(ids)))
    return inputs
