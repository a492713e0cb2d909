"""NeMo's keys on the command line of ``evaluate squad``."""

import json
from pathlib import Path

import pytest

from answerable.cli.hydra_arguments import from_hydra
from answerable.cli.main import main
from answerable.reader import default_reader_folder


def test_keys() -> None:
    """Each key that means something here is an option of ours; the others are named."""
    found = from_hydra(
        [
            "pretrained_model=reader",
            "do_training=false",
            "model.test_ds.file=dev.json",
            "model.test_ds.num_samples=-1",
            "model.validation_ds.num_samples=50",
            "model.dataset.n_best_size=5",
            "model.dataset.version_2_with_negative=false",
            "model.dataset.do_lower_case=true",
            "trainer.gpus=1",
            "--json",
        ]
    )
    assert found.arguments == [
        "--model=reader",
        "dev.json",
        "--max-questions=50",
        "--n-best-size=5",
        "--answers=forced",
        "--do-lower-case",
        "--json",
    ]
    assert found.ignored == ["do_training", "model.test_ds.num_samples", "trainer.gpus"]
    assert found.is_nemo


def test_our_own_arguments() -> None:
    """Nothing else is touched, not even a file with an equals sign."""
    arguments = ["dev=1.json", "--max-questions=3", "--model", "a=b"]
    assert from_hydra(arguments).arguments == arguments
    assert not from_hydra(arguments).is_nemo


def test_training_is_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that would train says where that is done."""
    assert main(["evaluate", "squad", "dev.json", "do_training=true"]) == 2
    assert "answerable train reader" in capsys.readouterr().err


@pytest.mark.model
def test_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command line of NeMo's evaluates, and writes its prediction files."""
    answers = [{"text": "Ann Larkmoor", "answer_start": 0}]
    qa = {"id": "q", "question": "Who founded the office?", "answers": answers}
    paragraph = {"context": "Ann Larkmoor founded the office in 1987.", "qas": [qa]}
    (tmp_path / "dev.json").write_text(json.dumps({"data": [{"paragraphs": [paragraph]}]}))
    arguments = [
        f"pretrained_model={default_reader_folder()}",
        f"model.test_ds.file={tmp_path / 'dev.json'}",
        "model.dataset.version_2_with_negative=true",
        f"exp_manager.exp_dir={tmp_path / 'out'}",
    ]
    assert main(["evaluate", "squad", *arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exact"] == 100
    written = json.loads((tmp_path / "out" / "output_prediction_file.json").read_text())
    assert written == {"q": ["Who founded the office?", "Ann Larkmoor"]}
