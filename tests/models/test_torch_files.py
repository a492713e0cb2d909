"""Torch files as torch itself writes them, read without it."""

import argparse
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForQuestionAnswering

from answerable.reader.importing.torch_file import read_torch_file, read_torch_tensors

pytestmark = pytest.mark.models


def _saved(value: object, path: Path, *, is_zip: bool) -> Path:
    torch.save(value, path, _use_new_zipfile_serialization=is_zip)
    return path


@pytest.mark.parametrize("is_zip", [True, False])
def test_state_dict(tmp_path: Path, *, is_zip: bool) -> None:
    """Both layouts of a whole model, tied and turned tensors included."""
    config = BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2)
    state = dict(BertForQuestionAnswering(config).state_dict())
    first = next(iter(state.values()))
    state["tied"], state["turned"], state["part"] = first, first.T, first[3:9:2, 1:]
    state["positions"] = torch.arange(5).expand((1, -1))
    state["parameter"] = torch.nn.Parameter(torch.ones(2))
    read = read_torch_tensors(_saved(state, tmp_path / "m", is_zip=is_zip))
    assert read.keys() == state.keys()
    for name, tensor in state.items():
        assert np.array_equal(read[name], tensor.detach().numpy())


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize(
    "kind",
    [torch.bfloat16, torch.float16, torch.float64, torch.int8, torch.int64, torch.bool],
    ids=str,
)
def test_types(tmp_path: Path, kind: torch.dtype, *, is_zip: bool) -> None:
    """Every type of element has the values that torch gives it."""
    tensor = torch.tensor([[0, 1.5, -3], [100, 7, 0]]).to(kind)
    read = read_torch_tensors(_saved({"t": tensor}, tmp_path / "m", is_zip=is_zip))["t"]
    assert np.array_equal(read.astype(np.float64), tensor.to(torch.float64).numpy())


def test_checkpoint_of_a_training(tmp_path: Path) -> None:
    """An optimizer, options and random states beside the weights do not stop the reading."""
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    checkpoint = {
        "args": argparse.Namespace(num_layers=2, params_dtype=torch.float16),
        "checkpoint_version": 3.0,
        "model": {"language_model": {"encoder": model.state_dict()}},
        "optimizer": optimizer.state_dict(),
        "rng_state": [random.getstate(), np.random.get_state(), torch.get_rng_state()],
    }
    path = _saved(checkpoint, tmp_path / "model_optim_rng.pt", is_zip=True)
    assert read_torch_file(path)["args"]["num_layers"] == 2
    read = read_torch_tensors(path)
    assert np.array_equal(read["language_model.encoder.weight"], model.weight.detach().numpy())
