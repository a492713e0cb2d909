"""A tiny reader, its tokenizer and its questions, to train for real in a second; a tiny encoder."""

import json
from pathlib import Path

import torch
from transformers import BertConfig, BertForQuestionAnswering, BertModel

from answerable.reader.training import ReaderTrainSpec, load_spec
from answerable.reader.training.windows import context_key
from tests.reader.scripted import word_tokenizer

NAMES = ("ann", "tom", "eve", "bob", "kim", "lee")
ENCODED = ("the office opens at nine", "annual leave", "leave the keys at the desk")
WIDTH = 64  # of heads as wide as the shipped model's


def tiny_model(vocabulary: int = 40, *, seed: int = 0, layers: int = 2) -> BertForQuestionAnswering:
    """Return a random reader."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=64,
        initializer_range=0.1,
    )
    return BertForQuestionAnswering(config)


def tiny_spec(folder: Path, output: str, *overrides: str) -> ReaderTrainSpec:
    """Write a tiny base model, tokenizer and data set, and return a spec that uses them."""
    articles = [_article(name) for name in NAMES]
    contexts = [_context(name, other) for name in (*NAMES, "nobody") for other in NAMES]
    tokenizer = word_tokenizer(*contexts, "who")
    tokenizer.add_special_tokens(["[MASK]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    tiny_model(tokenizer.get_vocab_size()).save_pretrained(folder / "base")
    data, negatives = folder / "train.json", folder / "negatives.jsonl"
    data.write_text(json.dumps({"data": articles}))
    negatives.write_text("".join(_mined(context) for context in contexts))
    (folder / "spec.yaml").write_text(
        f"""
base_model: {folder / "base"}
tokenizer: {folder / "tokenizer.json"}
output: {folder / output}
data: [{{path: {data}}}]
windows: {{max_seq_tokens: 32, max_question_tokens: 8, crop_context_tokens: 16}}
optimizer: {{max_steps: 40, batch_size: 8, learning_rate: 5.0e-3, warmup_steps: 5}}
checkpoint_every_steps: 10
precision: fp32
device: cpu
threads: 1
"""
    )
    return load_spec(folder / "spec.yaml", list(overrides))


def _context(name: str, other: str) -> str:
    return f"{name} signs the form and {other} reads it"


def _article(name: str) -> dict[str, object]:
    """Return an article: six forms that its hero signs, and one that nobody does."""
    contexts = [_context(name, other) for other in NAMES]
    answered = {"question": "who signs", "answers": [{"text": name, "answer_start": 0}]}
    paragraphs = [{"context": text, "qas": [{"id": text, **answered}]} for text in contexts]
    nobody = _context("nobody", name)
    unanswered = {"id": nobody, "question": "who signs", "is_impossible": True, "answers": []}
    return {"title": name, "paragraphs": [*paragraphs, {"context": nobody, "qas": [unanswered]}]}


def _mined(context: str) -> str:
    """Return a line of negatives: the forms that nobody signs."""
    unsigned = [_context("nobody", other) for other in NAMES]
    keys = [context_key(text) for text in unsigned if text != context]
    return json.dumps({"id": context, "passages": keys}) + "\n"


def encoder_folder(folder: Path, pooling: str = "mean_tokens", **changes: object) -> Path:
    """Write a Sentence Transformers folder with random weights and its tokenizer."""
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=48,
        vocab_size=64,
        **changes,
    )
    BertModel(config).save_pretrained(folder)
    word_tokenizer(*ENCODED).save(str(folder / "tokenizer.json"))
    kinds = {"": "Transformer", "1_Pooling": "Pooling"}
    write_json(
        folder / "modules.json",
        [
            {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (path, kind) in enumerate(kinds.items())
        ],
    )
    (folder / "1_Pooling").mkdir()
    pooling_config = {"word_embedding_dimension": 64, f"pooling_mode_{pooling}": True}
    write_json(folder / "1_Pooling" / "config.json", pooling_config)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 32})
    return folder


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON."""
    path.write_text(json.dumps(value), encoding="utf-8")
