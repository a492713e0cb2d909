"""A tiny base model of each family that a reader is trained from, with a tokenizer of its kind.

Random weights under the real tensor names, with the head that such models are published with.
The vocabularies are real ones, learnt here from the questions' own texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer

from tests.reader.vocabularies import (
    ALBERT_SPECIAL,
    BERT_SPECIAL,
    byte_pairs,
    sentence_pieces,
    word_pieces,
)


@dataclass(frozen=True, slots=True)
class Family:
    """One family.

    Attributes:
        name: its ``model_type``.
        published: the class that such base models are published as.
        tokenizer: makes one from texts.
        config: what differs from a tiny BERT's.
        keeps_case: whether ``Will`` and ``will`` are different words.
    """

    name: str
    published: str
    tokenizer: Callable[[Sequence[str]], Tokenizer]
    config: dict[str, Any] = field(default_factory=dict)
    keeps_case: bool = False

    def write(self, folder: Path, texts: Sequence[str], **changes: Any) -> Path:
        """Write the base model's folder."""
        tokenizer = self.tokenizer(texts)
        torch.manual_seed(1)
        cls = getattr(transformers, self.published)
        sizes = _TINY if self.name != "distilbert" else _TINY_DISTILBERT
        settings = {**sizes, **self.config, **changes}
        settings["pad_token_id"] = next(
            id_ for name in ("[PAD]", "<pad>") if (id_ := tokenizer.token_to_id(name)) is not None
        )
        cls(cls.config_class(vocab_size=tokenizer.get_vocab_size(), **settings)).save_pretrained(
            folder
        )
        tokenizer.save(str(folder / "tokenizer.json"))
        return folder


_TINY: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 128,
    "max_position_embeddings": 512,
    "initializer_range": 0.1,
}
_TINY_DISTILBERT: dict[str, Any] = {
    "dim": 64,
    "n_layers": 2,
    "n_heads": 2,
    "hidden_dim": 128,
    "max_position_embeddings": 512,
    "initializer_range": 0.1,
}


def _uncased(texts: Sequence[str]) -> Tokenizer:
    return word_pieces(texts, lowercase=True)


def _cased(texts: Sequence[str]) -> Tokenizer:
    return word_pieces(texts, lowercase=False)


FAMILIES = (
    Family("bert", "BertForMaskedLM", _cased, keeps_case=True),
    Family(
        "albert",
        "AlbertForMaskedLM",
        lambda texts: sentence_pieces(texts, ALBERT_SPECIAL, lowercase=True),
        {"embedding_size": 32},
    ),
    Family("electra", "ElectraForPreTraining", _uncased, {"embedding_size": 32}),
    Family(
        "roberta",
        "RobertaForMaskedLM",
        byte_pairs,
        {"type_vocab_size": 1, "max_position_embeddings": 514},
        keeps_case=True,
    ),
    Family("distilbert", "DistilBertForMaskedLM", _uncased),
    Family("megatron-bert", "MegatronBertForMaskedLM", _uncased),
    Family(
        "deberta-v2",
        "DebertaV2ForMaskedLM",
        lambda texts: sentence_pieces(texts, BERT_SPECIAL, lowercase=False),
        {
            "relative_attention": True,
            "position_buckets": 32,
            "pos_att_type": ["p2c", "c2p"],
            "share_att_key": True,
            "norm_rel_ebd": "layer_norm",
            "position_biased_input": False,
            "type_vocab_size": 0,
            "max_position_embeddings": 512,
        },
        keeps_case=True,
    ),
)
