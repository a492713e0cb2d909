"""TAO's specs, overrides and command lines; tests/models trains with them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from answerable.api.modeling.tao import SPECS, TaoCommand, download_specs, load_tao_spec
from answerable.cli.main import main
from answerable.index import AnswerableError, ModelFolderInvalid
from answerable.reader import TrainSpecInvalid, default_reader_folder

_CALL = ["tao", "question_answering"]


def _squad(folder: Path, *, is_labelled: bool = True) -> Path:
    context = "Ann Larkmoor founded the office in 1987."
    qa: dict[str, Any] = {"id": "q", "question": "Who founded the office?"}
    if is_labelled:
        qa["answers"] = [{"text": "Ann Larkmoor", "answer_start": 0}]
    path = folder / "squad.json"
    path.write_text(json.dumps({"data": [{"paragraphs": [{"context": context, "qas": [qa]}]}]}))
    return path


def test_download_specs(tmp_path: Path) -> None:
    """Each command has a spec with TAO's keys; one that is there is kept."""
    (tmp_path / "infer.yaml").write_text("mine: 1\n")
    written = download_specs(tmp_path)
    assert {path.name for path in written} == SPECS.keys() - {"infer.yaml"}
    assert (tmp_path / "infer.yaml").read_text() == "mine: 1\n"
    training = yaml.safe_load((tmp_path / "finetune.yaml").read_text())
    assert training["finetuning_ds"]["batch_size"] == 24
    assert training["model"]["token_classifier"]["use_transformer_init"] is True


def test_overrides(tmp_path: Path) -> None:
    """Dotted overrides change a spec, the last of them winning, and make sections."""
    (tmp_path / "e.yaml").write_text(SPECS["evaluate.yaml"])
    overrides = ("test_ds.file=a", "test_ds.file=b", "x.y.z=1")
    settings = load_tao_spec(TaoCommand(tmp_path / "e.yaml", overrides, None, tmp_path))
    assert settings["test_ds"]["file"] == "b" and settings["x"] == {"y": {"z": "1"}}


@pytest.mark.parametrize("override", ["test_ds.file", "=a", "test_ds.file.x=1"])
def test_bad_overrides(tmp_path: Path, override: str) -> None:
    """What is no override is named."""
    (tmp_path / "e.yaml").write_text("test_ds: {file: a}")
    with pytest.raises(TrainSpecInvalid, match="override"):
        load_tao_spec(TaoCommand(tmp_path / "e.yaml", (override,), None, tmp_path))


@pytest.mark.model
def test_evaluate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """TAO's command line with -e, -g, -k, -m, -r and an override prints its two lines."""
    (tmp_path / "e.yaml").write_text(SPECS["evaluate.yaml"])
    reader, results = str(default_reader_folder()), str(tmp_path / "results")
    flags = ["-e", str(tmp_path / "e.yaml"), "-g", "1", "-k", "key", "-m", reader, "-r", results]
    assert main([*_CALL, "evaluate", *flags, f"test_ds.file={_squad(tmp_path)}"]) == 0
    assert capsys.readouterr().out == "test exact match 100.0\ntest f1 100.0\n"
    assert (tmp_path / "results" / "evaluate" / "prediction.txt").is_file()


@pytest.mark.model
def test_infer_and_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file without labels is answered; an exported model answers under TAO's name for it."""
    path = _squad(tmp_path, is_labelled=False)
    results = ["-r", str(tmp_path / "results")]
    reader = ["-m", str(default_reader_folder())]
    assert main([*_CALL, "infer", *reader, *results, f"infer_ds.file={path}"]) == 0
    predictions = tmp_path / "results" / "infer" / "prediction.txt"
    assert json.loads(predictions.read_text()) == {"q": "Ann Larkmoor"}
    assert main([*_CALL, "export", *reader, *results, "export_format=ONNX"]) == 0
    exported = tmp_path / "results" / "export" / "exported-model"
    assert (exported / "model.onnx").is_file()
    predictions.unlink()
    model = ["-m", f"{exported}.eonnx", "--full-sentences"]
    assert main([*_CALL, "infer_onnx", *model, *results, f"infer_ds.file={path}"]) == 0
    assert json.loads(predictions.read_text()) == {"q": "Ann Larkmoor founded the office in 1987."}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["infer", "-m", "reader"], "infer_ds.file"),
        (["infer", "infer_ds.file=a"], "-m MODEL"),
        (["evaluate", "-m", "r", "test_ds.file=a", "test_ds.num_samples=many"], "not a number"),
        (["export", "-m", "reader", "export_format=RIVA"], "only ONNX"),
        (["train", "trainer.max_epochs=1"], "-e FILE"),
        (["evaluate", "-e", "missing.yaml"], "missing.yaml"),
    ],
)
def test_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    """What is missing or cannot be is said in one line."""
    monkeypatch.chdir(tmp_path)
    assert main([*_CALL, *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1


@pytest.mark.parametrize("suffix", [".tlt", ".eonnx", ".riva"])
def test_encrypted_models(tmp_path: Path, suffix: str) -> None:
    """An encrypted model is refused with what to bring, before anything is written."""
    from answerable.reader.importing import prepare_source

    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"\x93\x02" * 500)
    with pytest.raises(ModelFolderInvalid, match=r"bring the \.nemo file"):
        prepare_source(path, tmp_path / "work")
    assert issubclass(ModelFolderInvalid, AnswerableError)
