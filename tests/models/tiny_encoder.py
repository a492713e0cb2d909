"""A tiny sentence encoder with random weights, saved by Sentence Transformers itself."""

from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from tokenizers import processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from tests.reader.scripted import word_tokenizer

WIDTH = 64
TEXTS = (
    "the office opens at nine",
    "annual leave",
    "Ann signs the form and Tom reads it",
    "who reads the form that Eve signs at the desk of the office and of the other office",
)


def tiny_encoder(
    folder: Path,
    *,
    vocabulary: tuple[str, ...] = TEXTS,
    modes: str | tuple[str, ...] = "mean",
    prompts: dict[str, str] | None = None,
    includes_prompt: bool = True,
    dense: torch.nn.Module | None = None,
    has_dense: bool = False,
    normalizes: bool = True,
    max_tokens: int = 32,
) -> Path:
    """Write a folder; return it.

    Args:
        folder: where; its neighbour ``<name>-bert`` holds what it was made from.
        vocabulary: texts whose words the tokenizer knows.
        modes: of pooling.
        prompts: by name.
        includes_prompt: whether they are pooled.
        dense: activation of a dense layer that halves the width; None without ``has_dense``
            for no layer, with it for one without activation.
        has_dense: as said.
        normalizes: whether the last module normalizes.
        max_tokens: longest text.
    """
    torch.manual_seed(0)
    base = folder.parent / f"{folder.name}-bert"
    tokenizer = word_tokenizer(*vocabulary)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(base)
    BertModel(_config(tokenizer.get_vocab_size())).save_pretrained(base)
    pooling = Pooling(WIDTH, pooling_mode=modes, include_prompt=includes_prompt)
    modules: list[Any] = [Transformer(str(base), max_seq_length=max_tokens), pooling]
    if dense is not None or has_dense:
        width = pooling.pooling_output_dimension
        activation = torch.nn.Identity() if dense is None else dense
        modules.append(Dense(width, width // 2, activation_function=activation))
    if normalizes:
        modules.append(Normalize())
    model = SentenceTransformer(modules=modules, prompts=prompts, device="cpu")
    model.save(str(folder), create_model_card=False)
    return folder


def _config(vocabulary: int) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=64,
        initializer_range=0.1,
    )
