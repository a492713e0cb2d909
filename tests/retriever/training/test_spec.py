"""The YAML of a retriever's training: what is read, what is refused."""

from pathlib import Path

import pytest

from answerable.retriever import RetrieverSpecInvalid
from answerable.retriever.training import load_spec

SPEC = """
output: runs/retriever
data: [{path: train.json}]
optimizer: {max_steps: 10}
"""


def _load(folder: Path, text: str, *overrides: str):  # type: ignore[no-untyped-def]
    path = folder / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    return load_spec(path, overrides)


def test_defaults(tmp_path: Path) -> None:
    """A spec needs an output, data and a number of steps; the base is the shipped encoder's."""
    spec = _load(tmp_path, SPEC)
    assert spec.base_models == [Path("default")]
    assert spec.negatives is not None


def test_overrides_win_in_order(tmp_path: Path) -> None:
    """A dotted key reaches into sections, also those that the file does not have."""
    spec = _load(
        tmp_path, SPEC, "optimizer.max_steps=5", "optimizer.max_steps=7", "negatives.depth=3"
    )
    assert (spec.optimizer.max_steps, spec.negatives.depth) == (7, 3)
    assert _load(tmp_path, SPEC, "negatives=null").negatives is None


@pytest.mark.parametrize(
    ("text", "override", "message"),
    [
        ("[1]", "a=1", "no YAML mapping"),
        ("{", "a=1", "cannot read the training spec"),
        (SPEC, "nonsense", "key.sub=value"),
        (SPEC, "=1", "key.sub=value"),
        (SPEC, "output.sub=1", "is not a section"),
        (SPEC, "seed={", "not YAML"),
        (SPEC, "optimiser.max_steps=1", "optimiser"),
        (SPEC, "optimizer.batch_size=1", "optimizer.batch_size"),
        (SPEC, "data=[]", "data: at least one file"),
        (SPEC, "base_model=[]", "the list is empty"),
        (SPEC, "validation.max_questions=3", "left_out_share"),
    ],
)
def test_refusals_say_what_is_wrong(tmp_path: Path, text: str, override: str, message: str) -> None:
    """What cannot be used is one line with the key or the file."""
    with pytest.raises(RetrieverSpecInvalid, match=message) as caught:
        _load(tmp_path, text, override)
    assert "\n" not in str(caught.value) or "cannot read" in message


@pytest.mark.source
def test_the_shipped_spec_is_valid(source_root: Path) -> None:
    """The spec in benchmarks/specs can be loaded."""
    spec = load_spec(source_root / "benchmarks" / "specs" / "retriever.yaml", ["threads=1"])
    assert spec.optimizer.max_steps > 0
