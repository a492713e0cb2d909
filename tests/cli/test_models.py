"""``train``, ``quantize`` and ``evaluate``: what they hand on, and what they print."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from answerable import api
from answerable.api import model_building
from answerable.api.model_building import BuiltModel
from answerable.cli.main import main
from answerable.index import ModelManifest
from answerable.reader import SquadEvaluation

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
    assert "pip install 'answerable[models]'" in error
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

    def build(source: Path, out: Path, *, name: str, licence: str, origin: str) -> BuiltModel:
        called.update(source=source, name=name, licence=licence, origin=origin)
        manifest = ModelManifest(name, "reader", licence, origin, {}, {})
        return BuiltModel(out, manifest, 0.9951, 23_000_000)

    monkeypatch.setattr(model_building, "build_model", build)
    assert main(["quantize", "runs/model", "out/int8", "--licence", "Apache-2.0"]) == 0
    expected = {
        "source": Path("runs/model"),
        "name": "int8",
        "licence": "Apache-2.0",
        "origin": "model",
    }
    assert called == expected
    printed = capsys.readouterr().out
    assert printed == "out/int8: reader int8, 23.0 MB, cosine to FP32 at least 0.9951\n"
    assert main(["quantize", "runs/model", "out/int8", "--name", "mine", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["name"], value["agreement"]) == ("mine", 0.9951)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "exact                   50.25\ntotal                   1,200\n"),
        (["--json"], '{\n  "exact": 50.25,\n  "total": 1200\n}\n'),
    ],
)
def test_evaluate_prints_the_metrics(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    expected: str,
) -> None:
    """``evaluate squad`` prints what the scorer found, one figure a line or as JSON."""

    def evaluate(
        path: Path, model: Path | None, *, on_progress: Callable[[int, int], None]
    ) -> SquadEvaluation:
        assert (path, model) == (Path("dev.json"), Path("reader"))
        on_progress(1, 1)
        return SquadEvaluation({"exact": 50.25, "total": 1200}, {}, {})

    monkeypatch.setattr(api, "evaluate_squad_file", evaluate)
    assert main(["evaluate", "squad", "dev.json", "--model", "reader", *arguments]) == 0
    assert capsys.readouterr().out == expected


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
