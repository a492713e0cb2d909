"""Retriever training for real on a tiny model: it learns, it resumes, it says how it was made."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from answerable.api.modeling.building import build_model
from answerable.api.modeling.training import train_retriever
from answerable.index import ModelFolderInvalid
from answerable.retriever import RetrieverSpecInvalid, load_encoder
from answerable.retriever.training import load_spec
from answerable.retriever.training.base_model import average_models
from answerable.retriever.training.loss import ranking_loss, vectors_of
from answerable.retriever.training.options import OptimizerSpec
from tests.models.tiny_encoder import tiny_encoder

pytestmark = pytest.mark.models

NAMES = ("ann", "tom", "eve", "bob", "kim", "lee", "max", "ida")
DEEDS = ("signs", "reads", "opens", "closes", "paints", "sells")


def _context(name: str, deed: str) -> str:
    return f"{name} {deed} the green door of the office every day"


def _spec(folder: Path, output: str) -> Path:
    """Write a base model, questions and a spec: who does what, and what is asked in other words."""
    words = [_context(name, deed) for name in NAMES for deed in DEEDS]
    questions = [f"which door has {name} {i}" for name in NAMES for i in range(len(DEEDS))]
    if not (folder / "base").exists():
        tiny_encoder(folder / "base", vocabulary=(*words, *questions))
        articles = [
            {
                "title": name,
                "paragraphs": [
                    {
                        "context": _context(name, deed),
                        "qas": [
                            {
                                "id": f"{name}/{deed}",
                                "question": f"which door has {name} {i}",
                                "answers": [{"text": f"{name} {deed}", "answer_start": 0}],
                            }
                        ],
                    }
                    for i, deed in enumerate(DEEDS)
                ],
            }
            for name in NAMES
        ]
        (folder / "train.json").write_text(json.dumps({"data": articles}))
    spec = folder / f"{output}.yaml"
    spec.write_text(
        f"""
base_model: {folder / "base"}
output: {folder / output}
data: [{{path: {folder / "train.json"}}}]
passages: {{max_question_tokens: 12, max_passage_tokens: 24, crop_words: 8, crop_share: 0.5}}
negatives: {{encoder: {folder / "base"}, depth: 6, keep: 4, per_question: 1}}
optimizer: {{max_steps: 60, batch_size: 16, learning_rate: 2.0e-3, warmup_steps: 5}}
checkpoint_every_steps: 10
precision: fp32
device: cpu
threads: 1
"""
    )
    return spec


def test_a_retriever_learns_and_says_how_it_was_made(tmp_path: Path) -> None:
    """The loss falls, the folder is whole, and it becomes an INT8 encoder that searches better."""
    spec = _spec(tmp_path, "run")
    report = train_retriever(spec, [], resume=False)
    model = tmp_path / "run" / "model"
    assert report.final_loss is not None
    assert report.final_loss < 1.5  # ln(32) = 3.5 before anything is learnt
    assert {path.name for path in model.iterdir()} >= {
        "config.json",
        "left_out.json",
        "metrics.json",
        "model.safetensors",
        "modules.json",
        "tokenizer.json",
        "train.yaml",
    }
    metrics = json.loads((model / "metrics.json").read_text())
    assert (metrics["steps"], metrics["questions"]) == (60, 48)
    assert list(metrics["data_sha256"]) == ["train.json"]
    assert load_spec(model / "train.yaml", []) == load_spec(spec, [])
    assert not (tmp_path / "run" / "checkpoint").exists()
    build_model(model, tmp_path / "int8", name="tiny", licence="MIT", origin="random")
    before, after = _found(tmp_path / "base"), _found(tmp_path / "int8")
    assert after > before + 0.2


def _found(folder: Path) -> float:
    """Return how often the right passage is nearest to its question."""
    encoder = load_encoder(folder, 1)
    passages = encoder.encode([_context(name, deed) for name in NAMES for deed in DEEDS])
    questions = [f"which door has {name} {i}" for name in NAMES for i in range(len(DEEDS))]
    nearest = (encoder.encode_questions(questions) @ passages.T).argmax(axis=1)
    return float(np.mean(nearest == np.arange(len(nearest))))


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after step 20 and resumed, a run gives the very weights of one never stopped."""
    from answerable.retriever.training import loop

    steps = ["optimizer.max_steps=30", "dropout=0.1", "negatives=null"]
    train_retriever(_spec(tmp_path, "whole"), steps, resume=False)
    rate = loop.learning_rate

    def die_at(step: int, spec: OptimizerSpec) -> float:
        if step == 25:
            raise KeyboardInterrupt
        return rate(step, spec)

    broken = _spec(tmp_path, "broken")
    with monkeypatch.context() as patch:
        patch.setattr(loop, "learning_rate", die_at)
        with pytest.raises(KeyboardInterrupt):
            train_retriever(broken, steps, resume=False)
    report = train_retriever(broken, steps, resume=True)
    assert report.steps == 30
    expected = load_file(tmp_path / "whole" / "model" / "model.safetensors")
    actual = load_file(tmp_path / "broken" / "model" / "model.safetensors")
    for name, tensor in expected.items():
        torch.testing.assert_close(actual[name], tensor, msg=name)


def test_a_soup_and_its_validation(tmp_path: Path) -> None:
    """Without steps, the mean of several folders is written, and measured on left-out articles."""
    spec = _spec(tmp_path, "soup")
    base = tmp_path / "base"
    overrides = [
        f"base_model=[{base}, {base}]",
        "optimizer.max_steps=0",
        "left_out_share=0.5",
        "validation.max_questions=20",
    ]
    report = train_retriever(spec, overrides, resume=False)
    assert report.final_loss is None
    assert report.validation is not None
    assert 0 < report.validation["recall_at_10"] <= 100
    left_out = json.loads((tmp_path / "soup" / "model" / "left_out.json").read_text())
    assert 0 < len(left_out["train.json"]) < len(NAMES)
    expected = load_file(base / "model.safetensors")
    actual = load_file(tmp_path / "soup" / "model" / "model.safetensors")
    for name, tensor in expected.items():
        torch.testing.assert_close(actual[name], tensor, msg=name)


def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    """A checkpoint that is no checkpoint stops a resumed run with one line."""
    spec = _spec(tmp_path, "run")
    folder = tmp_path / "run" / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "progress.json").write_text("{}")
    (folder / "state.safetensors").write_bytes(b"no")
    with pytest.raises(ModelFolderInvalid, match="train without --resume"):
        train_retriever(spec, ["negatives=null"], resume=True)


def test_too_few_questions(tmp_path: Path) -> None:
    """A batch larger than the data is an error of the spec, not of a loop."""
    with pytest.raises(RetrieverSpecInvalid, match="more than the 48 questions"):
        train_retriever(_spec(tmp_path, "run"), ["optimizer.batch_size=49"], resume=False)


def test_a_folder_that_is_no_base_model(tmp_path: Path) -> None:
    """A folder without modules.json is named."""
    with pytest.raises(ModelFolderInvalid, match=r"no modules\.json"):
        train_retriever(_spec(tmp_path, "run"), [f"base_model={tmp_path}"], resume=False)


def test_dropped_passages_do_not_count() -> None:
    """The loss is that of a softmax over the passages that are left."""
    questions = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    passages = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    dropped = torch.tensor([[False, True, False], [False, False, True]])
    loss = ranking_loss(questions, passages, dropped, scale=2.0)
    first = torch.logsumexp(torch.tensor([2.0, 1.2]), 0) - 2.0
    second = torch.logsumexp(torch.tensor([0.0, 2.0]), 0) - 2.0
    torch.testing.assert_close(loss, (first + second) / 2)


def test_vectors_keep_their_order(tmp_path: Path) -> None:
    """Sorted by length for the model, texts come back in the order given."""
    model = average_models([tiny_encoder(tmp_path / "base")]).eval()
    texts = ["the office opens at nine", "leave", "annual leave", "the"] * 20
    with torch.no_grad():
        vectors, n_tokens = vectors_of(model, texts, "", 16)
    expected = model.encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(vectors.numpy(), expected, atol=1e-5)
    assert n_tokens == 20 * (5 + 1 + 2 + 1 + 4 * 2)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    """One line says so, and what to take."""
    with pytest.raises(RetrieverSpecInvalid, match="finds no GPU here; take cpu"):
        train_retriever(_spec(tmp_path, "run"), ["device=cuda"], resume=False)
