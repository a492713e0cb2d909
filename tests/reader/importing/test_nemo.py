"""NeMo's archives in both layouts; test_hostile_archives has those that mean harm."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader.importing.nemo import prepare_nemo
from answerable.reader.importing.weights import source_tensors
from tests.reader.importing.nemo_archives import (
    ENCODER,
    POSITIONS,
    WORDS,
    archive_files,
    new_archive,
    old_archive,
    settings,
    weights,
    write_archive,
)


@pytest.mark.parametrize("write", [old_archive, new_archive])
def test_both_layouts(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    """The encoder and its two outputs come out under transformers' names."""
    work = tmp_path / "work"
    work.mkdir()
    prepared = prepare_nemo(write(tmp_path / "model.nemo"), work)
    out = prepared.folder
    read = {name: tensor.read() for name, tensor in source_tensors(out).items()}
    stored = weights()
    assert json.loads((out / "config.json").read_text()) == {
        **ENCODER,
        "architectures": ["BertForQuestionAnswering"],
    }
    assert (out / "vocab.txt").read_text().split() == WORDS
    assert json.loads((out / "tokenizer_config.json").read_text()) == {"do_lower_case": True}
    expected = {
        name.replace("bert_model.", "bert.").replace("classifier.mlp.layer0", "qa_outputs")
        for name in stored
        if "pooler" not in name and "position_ids" not in name
    }
    assert read.keys() == expected
    layer = "encoder.layer.1.attention.self.key.weight"
    assert np.array_equal(read[f"bert.{layer}"], stored[f"bert_model.{layer}"])
    assert np.array_equal(read["qa_outputs.bias"], stored["classifier.mlp.layer0.bias"])
    assert (prepared.null_answer, prepared.max_seq_tokens) == ("trained", POSITIONS)


def test_configuration_inside(tmp_path: Path) -> None:
    """A configuration in the YAML is taken before a file; a reference to a key is followed."""
    config = settings()
    config["language_model"] |= {"config": {**ENCODER, "layer_norm_eps": 1e-5}, "config_file": None}
    config["tokenizer"]["tokenizer_name"] = "${language_model.pretrained_model_name}"
    config["language_model"]["pretrained_model_name"] = "bert-base-cased"
    (tmp_path / "out").mkdir()
    archive = write_archive(tmp_path / "m.nemo", archive_files(tmp_path, weights(), config))
    unpacked = prepare_nemo(archive, tmp_path / "out")
    assert json.loads((unpacked.folder / "config.json").read_text())["layer_norm_eps"] == 1e-5
    assert unpacked.lower_case is False


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_layers": 2}, "one layer of two outputs"),
        ({"num_classes": 3}, "one layer of two outputs"),
        ({"log_softmax": True}, "log_softmax"),
    ],
)
def test_other_heads(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    """A head that is not one layer of logits is refused."""
    config = settings()
    config["token_classifier"] |= changes
    (tmp_path / "out").mkdir()
    archive = write_archive(tmp_path / "m.nemo", archive_files(tmp_path, weights(), config))
    with pytest.raises(ModelFolderInvalid, match=message):
        prepare_nemo(archive, tmp_path / "out")
    assert list((tmp_path / "out" / "folder").iterdir()) == []


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("model_config.yaml", "not a NeMo archive"),
        ("model_weights.ckpt", "not a NeMo archive"),
        ("vocab.txt", "no vocabulary"),
    ],
)
def test_missing_files(tmp_path: Path, missing: str, message: str) -> None:
    """What an archive must hold is named."""
    files = archive_files(tmp_path, weights(), settings())
    del files[missing]
    (tmp_path / "out").mkdir()
    with pytest.raises(ModelFolderInvalid, match=message):
        prepare_nemo(write_archive(tmp_path / "m.nemo", files), tmp_path / "out")


def test_no_reader(tmp_path: Path) -> None:
    """A model of another task has no two outputs."""
    tensors = {name: value for name, value in weights().items() if "classifier" not in name}
    (tmp_path / "out").mkdir()
    archive = write_archive(tmp_path / "m", archive_files(tmp_path, tensors, settings()))
    with pytest.raises(ModelFolderInvalid, match="no question-answering model"):
        prepare_nemo(archive, tmp_path / "out")
