"""``train`` and ``quantize``: what they hand on, and what they print."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from answerable import api
from answerable.api.modeling import building
from answerable.api.modeling.building import BuiltModel
from answerable.cli.main import main
from answerable.index import ModelManifest

SPEC = """
base_model: base
tokenizer: t.json
output: out
data: [{path: a.json}]
optimizer: {max_steps: 1}
"""


@dataclass(frozen=True, slots=True)
class _Report:
    """What the training reports, without torch."""

    steps: int = 10
    seconds: float = 60.0
    final_loss: float = 1.25
    validation: dict[str, float] | None = None


def test_training_without_its_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``train`` on the plain install is one line with the command that mends it."""
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "answerable.reader.training.loop", raising=False)
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    assert main(["train", "reader", str(spec)]) == 1
    error = capsys.readouterr().err
    assert "pip install '.[models]'" in error
    assert error.count("\n") == 1


def test_bad_spec_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A spec that is not there is named before anything heavy is loaded."""
    assert main(["train", "reader", str(tmp_path / "none.yaml"), "--set", "a=1"]) == 1
    assert "none.yaml" in capsys.readouterr().err


def test_quantize_hands_on_its_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder's name is the model's name unless --name says otherwise."""
    called: dict[str, object] = {}

    def build(source: Path, out: Path, *, name: str, **others: object) -> BuiltModel:
        called.update(source=source, name=name, **others)
        del called["on_step"]
        manifest = ModelManifest(name, "reader", "", "", {}, {})
        return BuiltModel(out, manifest, 0.9951, 23_000_000)

    monkeypatch.setattr(building, "build_model", build)
    assert main(["quantize", "runs/model", "out/int8", "--licence", "Apache-2.0"]) == 0
    expected = {
        "source": Path("runs/model"),
        "name": "int8",
        "licence": "Apache-2.0",
        "origin": "model",
        "weight_bits": None,
        "keep_fp32": (),
        "fp32": False,
    }
    assert called == expected
    printed = capsys.readouterr().out
    assert printed == "out/int8: reader int8, 23.0 MB, cosine to FP32 at least 0.9951\n"
    assert main(["quantize", "runs/model", "out/int8", "--name", "mine", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["name"], value["agreement"]) == ("mine", 0.9951)
    choices = ["--weights", "7", "--keep-fp32", "*.layer.0.*", "--keep-fp32", "*.output.dense"]
    assert main(["quantize", "runs/model", "out/int8", *choices]) == 0
    assert (called["weight_bits"], called["keep_fp32"]) == (7, ["*.layer.0.*", "*.output.dense"])
    assert main(["quantize", "runs/model", "out/fp32", "--fp32"]) == 0
    assert called["fp32"] is True


@pytest.mark.parametrize(
    "options",
    [
        ["--weights", "6"],
        ["--weights", "9"],
        ["--fp32", "--weights", "8"],
        ["--fp32", "--keep-fp32", "a"],
    ],
)
def test_quantize_refuses_choices_that_make_no_sense(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Bits that are not offered, and quantizing what stays FP32, are wrong usage."""
    assert main(["quantize", "runs/model", "out", *options]) == 2
    assert options[0] in capsys.readouterr().err


def test_train_hands_on_its_arguments(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Overrides and --resume reach the training; its report is printed, or is the JSON."""
    called: list[tuple[Path, list[str], bool]] = []

    def run(spec: Path, overrides: list[str], *, resume: bool) -> _Report:
        called.append((spec, overrides, resume))
        return _Report()

    monkeypatch.setattr(api, "train_reader", run)
    assert main(["train", "reader", "a.yaml", "--set", "seed=1", "--resume"]) == 0
    assert "trained 10 steps in 60 s, loss 1.250" in capsys.readouterr().err
    assert main(["train", "reader", "a.yaml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 10
    assert called == [(Path("a.yaml"), ["seed=1"], True), (Path("a.yaml"), [], False)]


RETRIEVER_SPEC = """
output: out
data: [{path: a.json}]
optimizer: {max_steps: 1}
"""


@dataclass(frozen=True, slots=True)
class _RetrieverReport:
    """What a retriever's training reports, without torch."""

    steps: int = 10
    seconds: float = 60.0
    final_loss: float | None = 0.5
    validation: dict[str, float] | None = None


def test_training_a_retriever_without_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``train retriever`` on the plain install is one line with the command that mends it."""
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "answerable.retriever.training.loop", raising=False)
    spec = tmp_path / "spec.yaml"
    spec.write_text(RETRIEVER_SPEC, encoding="utf-8")
    assert main(["train", "retriever", str(spec)]) == 1
    error = capsys.readouterr().err
    assert "pip install '.[models]'" in error
    assert error.count("\n") == 1


def test_a_retrievers_bad_override_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value that does not fit is named with its key, before anything heavy is loaded."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(RETRIEVER_SPEC, encoding="utf-8")
    assert main(["train", "retriever", str(spec), "--set", "optimizer.batch_size=1"]) == 1
    error = capsys.readouterr().err
    assert "optimizer.batch_size" in error
    assert error.count("\n") == 1


def test_a_retrievers_report_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Steps, loss and validation for people, everything as JSON for programs."""
    called: list[object] = []

    def train(spec: Path, overrides: list[str], *, resume: bool) -> _RetrieverReport:
        called.append((spec, overrides, resume))
        return _RetrieverReport(validation={"recall_at_1": 61.5, "recall_at_10": 90.25})

    monkeypatch.setattr(api, "train_retriever", train)
    assert main(["train", "retriever", "s.yaml", "--set", "a=1", "--resume"]) == 0
    assert called == [(Path("s.yaml"), ["a=1"], True)]
    error = capsys.readouterr().err
    assert "10 steps in 60 s, loss 0.500" in error
    assert "recall@1 61.50, recall@10 90.25" in error
    assert main(["train", "retriever", "s.yaml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["validation"]["recall_at_1"] == 61.5
