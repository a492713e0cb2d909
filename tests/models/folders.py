"""Small Hugging Face folders of every architecture, with random weights and real vocabularies."""

import json
import re
from pathlib import Path
from typing import Any

from answerable.reader.conversion.sample_texts import SAMPLES

CAFE = "The Café ÀÉÎ opened in İstanbul: 1,500 guests, naïve façades and ﬁne coffee."
TEXTS = (*(text for pair in SAMPLES for text in pair), CAFE)

_WIDTH = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
_USUAL = {**_WIDTH, "intermediate_size": 128, "max_position_embeddings": 160}
SIZES: dict[str, dict[str, Any]] = {
    "Bert": _USUAL,
    "Albert": {**_USUAL, "embedding_size": 32},
    "Electra": {**_USUAL, "embedding_size": 32},
    "Roberta": {**_USUAL, "max_position_embeddings": 162, "type_vocab_size": 1},
    "DistilBert": {
        "dim": 64,
        "n_layers": 2,
        "n_heads": 2,
        "hidden_dim": 128,
        "max_position_embeddings": 160,
    },
    "MegatronBert": _USUAL,
    "DebertaV2": {
        **_USUAL,
        "type_vocab_size": 0,
        "relative_attention": True,
        "position_buckets": 16,
        "pos_att_type": ["p2c", "c2p"],
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "position_biased_input": False,
    },
}


def words(*, lower: bool) -> list[str]:
    """Return the words and signs of the texts, as a WordPiece vocabulary has them."""
    found = {w for text in TEXTS for w in re.findall(r"\w+|[^\w\s]", text)}
    return sorted({w.lower() for w in found} if lower else found)


def write_vocabulary(folder: Path, *, lower: bool = True) -> int:
    """Write ``vocab.txt`` and return how many tokens it holds."""
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words(lower=lower), "##s", "##ing"]
    letters = [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
    tokens = list(dict.fromkeys([*tokens, *letters, *"abcdefghijklmnopqrstuvwxyz"]))
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    return len(tokens)


def model_folder(
    folder: Path, stem: str, task: str = "ForQuestionAnswering", **changes: Any
) -> Path:
    """Write a model with random weights and its WordPiece vocabulary."""
    folder.mkdir(parents=True)
    size = write_vocabulary(folder)
    save_model(folder, stem, task, vocab_size=size, **changes)
    return folder


def save_model(folder: Path, stem: str, task: str, **changes: Any) -> None:
    """Write a model with random weights, large enough for logits that tell tokens apart."""
    import torch  # not above: the vocabularies alone need no torch, which takes seconds to load
    import transformers

    torch.manual_seed(0)
    model_class = getattr(transformers, f"{stem}{task}")
    config = model_class.config_class(**{**SIZES[stem], "initializer_range": 0.2, **changes})
    model_class(config).save_pretrained(folder)


def encoder_folder(folder: Path, stem: str) -> Path:
    """Write a Sentence Transformers folder with mean pooling."""
    model_folder(folder, stem, "Model")
    kinds = {"": "Transformer", "1_Pooling": "Pooling"}
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds.items())
    ]
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": 64, "pooling_mode_mean_tokens": True}
    names = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    for name, value in (
        ("modules.json", modules),
        ("1_Pooling/config.json", pooling),
        ("tokenizer_config.json", names),
    ):
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    return folder
