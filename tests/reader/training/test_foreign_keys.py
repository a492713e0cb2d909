"""Specs and overrides under NeMo's and TAO's keys."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from answerable.reader import TrainSpecInvalid
from answerable.reader.training import load_spec

NEMO = {
    "pretrained_model": None,
    "do_training": True,
    "trainer": {"gpus": 1, "max_epochs": 3, "max_steps": None, "precision": 16, "amp_level": "O0"},
    "model": {
        "nemo_path": None,
        "dataset": {
            "version_2_with_negative": False,
            "doc_stride": 128,
            "max_query_length": 32,
            "max_seq_length": 256,
            "use_cache": True,
            "num_workers": 2,
        },
        "train_ds": {"file": None, "batch_size": 2, "shuffle": True, "num_samples": -1},
        "validation_ds": {"file": None, "batch_size": 24, "num_samples": 100},
        "tokenizer": {"tokenizer_name": "bert-base-uncased", "vocab_file": None},
        "language_model": {"pretrained_model_name": "bert-base-uncased", "lm_checkpoint": None},
        "token_classifier": {"num_layers": 1, "num_classes": 2, "log_softmax": False},
        "optim": {
            "name": "adamw",
            "lr": 2e-5,
            "weight_decay": 0.0,
            "sched": {"name": "SquareRootAnnealing", "warmup_steps": None, "warmup_ratio": 0.5},
        },
    },
    "exp_manager": {"exp_dir": None, "name": "QuestionAnswering"},
}
TAO = {
    "trainer": {"max_epochs": 2},
    "model": {
        "tokenizer": {"tokenizer_name": "bert-base-uncased", "vocab_file": None},
        "language_model": {"pretrained_model_name": "bert-base-uncased", "lm_checkpoint": None},
        "token_classifier": {"num_layers": 1, "dropout": 0.0, "num_classes": 2},
    },
    "training_ds": {"file": None, "batch_size": 4, "num_workers": 2},
    "validation_ds": {"file": None, "num_samples": 500},
}


def _data(folder: Path, n_questions: int = 5) -> Path:
    answer = {"text": "ann", "answer_start": 0}
    questions = [{"id": str(i), "question": "who", "answers": [answer]} for i in range(n_questions)]
    paragraph = {"context": "ann signs", "qas": questions}
    path = folder / "train.json"
    path.write_text(json.dumps({"data": [{"title": "a", "paragraphs": [paragraph]}]}))
    return path


def _spec(folder: Path, content: dict[str, Any]) -> Path:
    (folder / "base").mkdir(exist_ok=True)
    (folder / "base" / "tokenizer.json").write_text("{}")
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_nemo(tmp_path: Path) -> None:
    """A NeMo file with its Hydra overrides says what a spec of ours says."""
    data = _data(tmp_path)
    spec = load_spec(
        _spec(tmp_path, NEMO),
        [
            f"model.train_ds.file={data}",
            f"model.validation_ds.file={data}",
            f"model.language_model.lm_checkpoint={tmp_path / 'base'}",
            f"exp_manager.exp_dir={tmp_path / 'out'}",
            "model.optim.lr=1.0e-4",
        ],
    )
    assert spec.base_model == tmp_path / "base"
    assert spec.tokenizer == tmp_path / "base" / "tokenizer.json"
    assert spec.output == tmp_path / "out"
    assert [file.path for file in spec.data] == [data]
    assert (spec.windows.max_seq_tokens, spec.windows.max_question_tokens) == (256, 32)
    assert spec.optimizer.max_steps == 9  # three epochs of three batches
    assert spec.optimizer.warmup_steps in (4, 5)
    assert spec.optimizer.learning_rate == 1e-4
    assert spec.validation is not None and spec.validation.max_questions == 100
    assert spec.precision == "bf16"


def test_tao(tmp_path: Path) -> None:
    """A TAO file with its overrides likewise; our own keys may stand beside them."""
    data = _data(tmp_path)
    spec = load_spec(
        _spec(tmp_path, TAO),
        [
            f"training_ds.file={data}",
            f"validation_ds.file={data}",
            "trainer.max_epochs=1",
            f"model.language_model.lm_checkpoint={tmp_path / 'base'}",
            f"output={tmp_path / 'out'}",
            "optimizer.learning_rate=3.0e-4",
        ],
    )
    assert spec.optimizer.max_steps == 2 and spec.optimizer.batch_size == 4
    assert spec.optimizer.learning_rate == 3e-4
    assert spec.windows.crop_share == 0 and spec.dropout == 0.1


def test_without_validation(tmp_path: Path) -> None:
    """A file that names no validation file asks for no validation, whatever else it says of it."""
    base = f"model.language_model.lm_checkpoint={tmp_path / 'base'}"
    spec = load_spec(
        _spec(tmp_path, TAO), [f"training_ds.file={_data(tmp_path)}", "output=out", base]
    )
    assert spec.validation is None


def test_their_overrides_of_our_file(tmp_path: Path) -> None:
    """A key of theirs changes a spec of ours; nothing else of it is changed."""
    own = {
        "base_model": "base",
        "tokenizer": "t.json",
        "output": "out",
        "data": [{"path": "a.json"}],
        "optimizer": {"max_steps": 7, "batch_size": 3},
    }
    spec = load_spec(
        _spec(tmp_path, own),
        [f"model.train_ds.file={_data(tmp_path)}", "trainer.max_epochs=2", "seed=3"],
    )
    assert spec.optimizer.max_steps == 2 and spec.seed == 3
    assert spec.windows.crop_share == 0.7


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.language_model.pretrained_model_name=bert-base-uncased", "nothing is downloaded"),
        ("model.token_classifier.num_layers=2", "one layer of two logits"),
        ("model.token_classifier.log_softmax=true", "one layer of two logits"),
        ("model.optim.name=novograd", "only AdamW"),
        ("trainer.precision=8", "not 32, 16 or bf16"),
        ("do_training=false", "evaluate squad"),
        ("model.train_ds.num_samples=100", "whole file"),
        ("trainer.max_epochs=many", "number of epochs"),
        ("training_ds.batch_size=0", "number of questions"),
        ("model.language_model.lm_checkpoint=/nowhere", "no folder here"),
    ],
)
def test_refused(tmp_path: Path, override: str, message: str) -> None:
    """What would make another model is named, not passed over."""
    base = f"model.language_model.lm_checkpoint={tmp_path / 'base'}"
    first = [] if "pretrained_model_name" in override else [base]
    overrides = [f"training_ds.file={_data(tmp_path)}", "output=out", *first, override]
    with pytest.raises(TrainSpecInvalid, match=message):
        load_spec(_spec(tmp_path, TAO), overrides)
