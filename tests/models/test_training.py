"""Training for real on a tiny model: it learns, it resumes, and it says how it was made."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from answerable.reader.training import load_spec
from answerable.reader.training.loop import train_reader
from answerable.reader.training.options import OptimizerSpec
from answerable.reader.training.schedule import learning_rate
from tests.models.tiny import tiny_spec

pytestmark = pytest.mark.models


def test_a_reader_learns_and_says_how_it_was_made(tmp_path: Path) -> None:
    """It answers its questions; the folder holds weights, tokenizer, spec and metrics."""
    spec = tiny_spec(tmp_path, "run", f"validation.path={tmp_path / 'train.json'}")
    report = train_reader(spec, resume=False)
    model = spec.output / "model"
    assert report.validation is not None
    assert report.validation["exact"] > 80
    assert {path.name for path in model.iterdir()} == {
        "config.json",
        "left_out.json",
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
    whole = tiny_spec(tmp_path, "whole")
    train_reader(whole, resume=False)
    broken = tiny_spec(tmp_path, "broken")

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
