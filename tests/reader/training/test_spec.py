"""Training specs: what they accept, and one clear error for what they do not."""

from pathlib import Path

import pytest
import yaml

from answerable.reader.errors import TrainSpecInvalid
from answerable.reader.training import load_spec
from answerable.reader.training.options import QuantizationAwareSpec

GOOD = """
base_model: base
tokenizer: tokenizer.json
output: out
data:
  - path: train.json
optimizer:
  max_steps: 10
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "spec.yaml"
    path.write_text(text)
    return path


def test_defaults_and_overrides(tmp_path: Path) -> None:
    """A short spec is enough; --set reaches into sections, the later one winning."""
    overrides = ["optimizer.max_steps=20", "optimizer.max_steps=30", "seed=3"]
    spec = load_spec(_write(tmp_path, GOOD), overrides)
    assert (spec.optimizer.max_steps, spec.seed, spec.windows.max_seq_tokens) == (30, 3, 256)
    assert spec.data[0].path == Path("train.json")


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("- 1", [], "no YAML mapping"),
        ("a: [", [], "cannot read the training spec"),
        (GOOD + "colour: red", [], "colour: Extra inputs"),
        (GOOD, ["optimizer.max_steps=-1"], r"optimizer\.max_steps"),
        (GOOD, ["optimizer.max_steps"], "not of the form"),
        (GOOD, ["seed.sub=1", "seed=1", "seed.sub=2"], "is a value, not a section"),
        (GOOD + "precision: fp8", [], "precision"),
        (GOOD, ["data=[]"], "at least one file"),
        (GOOD, ["base_model=[]"], "the list is empty"),
        (GOOD, ["r_drop=1"], "needs dropout"),
        (GOOD, ["windows.max_question_tokens=240"], "no room"),
        (GOOD, ["quantization_aware.weight_bits=6"], "weight_bits"),
        (GOOD, ["distillation.teachers=[]"], "teachers"),
        (GOOD, ["objective=masked_words"], "kind paragraphs"),
        (GOOD, ["data=[{path: a, kind: paragraphs}]"], "masked_words"),
        (
            GOOD,
            ["objective=masked_words", "data=[{path: a, kind: paragraphs}]", "validation.path=b"],
            "none of negatives",
        ),
        ("!!python/object/apply:os.system [id]", [], "cannot read the training spec"),
    ],
)
def test_bad_specs(tmp_path: Path, text: str, overrides: list[str], message: str) -> None:
    """Whatever is wrong is named, and nothing in the file is executed."""
    with pytest.raises(TrainSpecInvalid, match=message):
        load_spec(_write(tmp_path, text), overrides)


def test_missing_spec(tmp_path: Path) -> None:
    """A path that does not exist is the same error."""
    with pytest.raises(TrainSpecInvalid, match="cannot read the training spec"):
        load_spec(tmp_path / "none.yaml", [])


def test_switches_and_lists(tmp_path: Path) -> None:
    """``true`` means the defaults, ``false`` nothing; a base model may be one or many."""
    spec = load_spec(_write(tmp_path, GOOD), ["quantization_aware=true"])
    assert spec.quantization_aware == QuantizationAwareSpec()
    assert spec.base_models == [Path("base")]
    soup = ["quantization_aware=false", "base_model=[a, b]", "optimizer.max_steps=0", "data=[]"]
    spec = load_spec(_write(tmp_path, GOOD), soup)
    assert spec.quantization_aware is None
    assert spec.base_models == [Path("a"), Path("b")]


def test_a_spec_survives_its_copy(tmp_path: Path) -> None:
    """What a finished folder keeps of a spec with every section reads as the same spec."""
    options = [
        "negatives.file=n.jsonl",
        "distillation.teachers=[a]",
        "quantization_aware=true",
        "validation.path=v.json",
    ]
    spec = load_spec(_write(tmp_path, GOOD), options)
    copy = _write(tmp_path, yaml.safe_dump(spec.model_dump(mode="json")))
    assert load_spec(copy, []) == spec
