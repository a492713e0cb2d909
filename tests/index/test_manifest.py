"""Model folders' manifests: whatever they say, one clear error or a manifest."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from answerable.index import ModelFolderInvalid, load_manifest

SOUND: Mapping[str, object] = {
    "name": "x",
    "kind": "encoder",
    "licence": "",
    "source": "",
    "files": {},
    "settings": {"dimension": 4, "max_tokens": 16, "pooling": "mean"},
}


def _write(folder: Path, **changes: object) -> Path:
    (folder / "manifest.json").write_text(json.dumps({**SOUND, **changes}), encoding="utf-8")
    return folder


def test_a_sound_manifest(tmp_path: Path) -> None:
    """What is written is what is read."""
    manifest = load_manifest(_write(tmp_path), "encoder")
    assert (manifest.settings, manifest.files) == (SOUND["settings"], {})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": 3}, "name is no text"),
        ({"kind": ["encoder"]}, "kind is no text"),
        ({"files": ["model.onnx"]}, "files is no object"),
        ({"settings": []}, "settings is no object"),
        ({"settings": None}, "settings is no object"),
        ({"provenance": "here"}, "provenance is no object"),
        ({"settings": {"dimension": "four"}}, "dimension is not a whole number from 1 to 65,536"),
        ({"settings": {"dimension": 4.5}}, "dimension is not a whole number"),
        ({"settings": {"dimension": True}}, "dimension is not a whole number"),
        ({"settings": {"dimension": 10**30}}, "dimension is not a whole number"),
        ({"settings": {"max_tokens": -1}}, "max_tokens is not a whole number"),
        ({"settings": {"max_seq_tokens": float("inf")}}, "max_seq_tokens is not a whole number"),
        ({"settings": {"max_question_tokens": None}}, "max_question_tokens is not a whole number"),
        ({"settings": {"pooling": [["mean"]]}}, "pooling is neither"),
        ({"files": {"a" * 5000: ""}}, "cannot be read"),
        ({"files": {"../a": ""}}, "not a plain file"),
        ({"files": {"a\0b": ""}}, "not a plain file"),
        ({"files": {"\ud800": ""}}, "not a plain file"),
        ({"more": 1}, "more"),
    ],
)
def test_another_shape_is_refused(
    tmp_path: Path, changes: Mapping[str, object], reason: str
) -> None:
    """A value of another type, or without a sense, is named."""
    with pytest.raises(ModelFolderInvalid, match=reason):
        load_manifest(_write(tmp_path, **changes), "encoder")


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"name": 1}', b"null"])
def test_no_manifest_at_all(tmp_path: Path, content: bytes) -> None:
    """What is no JSON object, or lacks its keys, is no manifest."""
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match="is not a model folder"):
        load_manifest(tmp_path, "encoder")
