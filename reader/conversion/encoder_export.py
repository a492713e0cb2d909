"""A BERT sentence encoder through the reader's graph and its way to INT8.

The builder of both models is one, and lies in the reader's folder because it grew there; an
encoder's own facts (pooling, lengths) are handed in, and ``answerable.api.modeling.building``
composes (docs/adr/0006). Needs the ``models`` extra.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from answerable.index import read_tokenizer

from .bert_graph import write_graph
from .bert_int8 import to_int8
from .bert_model import Pooling, is_bert_encoder, load_bert_encoder
from .quantization import BertQuantization
from .reader_export import BuildChoices
from .sample_texts import SAMPLES


@dataclass(frozen=True, slots=True)
class TokenSample:
    """A text as the encoder is fed it, special tokens included; each (n_tokens,) int64."""

    token_ids: npt.NDArray[np.int64]
    type_ids: npt.NDArray[np.int64]


def write_bert_encoder(
    source: Path,
    model: Path,
    work: Path,
    *,
    pooling: Literal["mean", "cls"],
    max_tokens: int,
    best: BertQuantization,
    choices: BuildChoices,
) -> None:
    """Write an encoder's ONNX file with output ``embedding``, (batch, dimension), unit vectors.

    Texts of one batch must be equally long: the graph knows no padding.

    Args:
        source: ``config.json``, ``model.safetensors`` and ``tokenizer.json``; a folder that
            ``is_known_encoder`` says yes to.
        model: the file to write.
        work: a folder for temporary files.
        pooling: over the last hidden states.
        max_tokens: of the sample texts, special tokens included.
        best: how it is quantized, where the choices say nothing.
        choices: the user's.

    Raises:
        ModelFolderInvalid: the source cannot be loaded.
        AnswerableError: a pattern of ``keep_fp32`` fits nothing.
    """
    bert = load_bert_encoder(source, Pooling(pooling))
    if choices.fp32:
        write_graph(bert, model, "fp32")
        return
    chosen = replace(
        best,
        weight_bits=choices.weight_bits or best.weight_bits,
        keep_fp32=(*best.keep_fp32, *choices.keep_fp32),
    )
    samples = text_samples(source / "tokenizer.json", max_tokens)
    write_graph(to_int8(bert, samples, work, chosen), model, "int8")


def is_known_encoder(config: Mapping[str, Any]) -> bool:
    """Tell whether ``write_bert_encoder`` can write the encoder that a ``config.json`` describes."""
    return is_bert_encoder(config)


def text_samples(tokenizer_path: Path, max_tokens: int) -> Sequence[TokenSample]:
    """Return the sample questions and passages, each a text of its own.

    Raises:
        ModelFolderInvalid: the tokenizer cannot be read.
    """
    tokenizer = read_tokenizer(tokenizer_path)
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    encodings = tokenizer.encode_batch([text for pair in SAMPLES for text in pair])
    return [
        TokenSample(np.array(each.ids, np.int64), np.array(each.type_ids, np.int64))
        for each in encodings
    ]
