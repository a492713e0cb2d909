"""Training for real on a tiny model: it learns, it resumes, and it says how it was made."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForQuestionAnswering

from answerable.reader.training import ReaderTrainSpec, load_spec
from answerable.reader.training.loop import learning_rate, train_reader
from answerable.reader.training.loss import marginal_span_loss
from answerable.reader.training.spec import OptimizerSpec
from tests.reader.scripted import word_tokenizer

pytestmark = pytest.mark.models

NAMES = ("ann", "tom", "eve", "bob", "kim", "lee")


def _spec(folder: Path, output: str, **overrides: object) -> ReaderTrainSpec:
    """Write a tiny base model, tokenizer and data set, and return a spec that uses them."""
    contexts = [f"{name} signs the form and {other} reads it" for name in NAMES for other in NAMES]
    tokenizer = word_tokenizer(*contexts, "who")
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertForQuestionAnswering(config).save_pretrained(folder / "base")
    paragraphs = [
        {
            "context": context,
            "qas": [
                {
                    "id": context,
                    "question": "who signs",
                    "answers": [{"text": context[:3], "answer_start": 0}],
                }
            ],
        }
        for context in contexts
    ]
    data = folder / "train.json"
    data.write_text(json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]}))
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
    return load_spec(folder / "spec.yaml", [f"{key}={value}" for key, value in overrides.items()])


def test_a_reader_learns_and_says_how_it_was_made(tmp_path: Path) -> None:
    """The loss falls far below chance; the folder holds weights, tokenizer, spec and metrics."""
    spec = _spec(tmp_path, "run")
    report = train_reader(spec, resume=False)
    model = spec.output / "model"
    assert report.final_loss < 2.5  # smoothed; chance is 4.4
    assert {path.name for path in model.iterdir()} == {
        "config.json",
        "metrics.json",
        "model.safetensors",
        "tokenizer.json",
        "train.yaml",
    }
    assert json.loads((model / "metrics.json").read_text())["steps"] == 40
    assert load_spec(model / "train.yaml", []) == spec


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after step 20 and resumed, a run gives the very weights of one never stopped."""
    whole = _spec(tmp_path, "whole")
    train_reader(whole, resume=False)
    broken = _spec(tmp_path, "broken")

    def die_at(step: int, spec: OptimizerSpec) -> float:
        if step == 25:
            raise KeyboardInterrupt
        return learning_rate(step, spec)

    with monkeypatch.context() as patch:
        patch.setattr("answerable.reader.training.loop.learning_rate", die_at)
        with pytest.raises(KeyboardInterrupt):
            train_reader(broken, resume=False)
    train_reader(broken, resume=True)
    expected = load_file(whole.output / "model" / "model.safetensors")
    actual = load_file(broken.output / "model" / "model.safetensors")
    for name, tensor in expected.items():
        torch.testing.assert_close(actual[name], tensor, msg=name)


def test_loss_is_the_probability_of_any_target() -> None:
    """The marginal loss equals a sum over the listed pairs, padding and question left out."""
    torch.manual_seed(1)
    start, end = torch.randn(1, 5), torch.randn(1, 5)
    allowed = torch.tensor([[True, False, True, True, True]])
    targets = torch.tensor([[[2, 3], [4, 4], [-1, -1]]])
    p_start = torch.softmax(start[allowed], dim=0)
    p_end = torch.softmax(end[allowed], dim=0)
    expected = -torch.log(p_start[1] * p_end[2] + p_start[3] * p_end[3])
    actual = marginal_span_loss(start, end, allowed, targets)
    torch.testing.assert_close(actual, expected)


def test_learning_rate_warms_up_holds_and_decays() -> None:
    """Steps 1 to 10 rise, the middle is flat, the last half falls to nearly zero."""
    spec = OptimizerSpec(max_steps=100, learning_rate=1.0, warmup_steps=10, decay_share=0.5)
    rates = [learning_rate(step, spec) for step in (1, 10, 50, 51, 76, 100)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 1.0, 0.5, 0.02])
