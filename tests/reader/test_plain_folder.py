"""Folders without a manifest: a model and its tokenizer, as export tools leave them."""

import json
import shutil
from pathlib import Path

import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader import OnnxReader, default_reader_folder, load_reader
from tests.reader.scripted import passage

pytestmark = pytest.mark.model

TEXT = "The office in Utrecht closes at 18:30."
QUESTION = "When does the office in Utrecht close?"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A folder with the shipped model and tokenizer alone."""
    folder = tmp_path / "exported"
    folder.mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copyfile(default_reader_folder() / name, folder / name)
    return folder


def test_plain_folder_reads_as_the_whole_one(plain: Path) -> None:
    """The same model gives the same spans, under its folder's name and without a calibration."""
    reader, shipped = load_reader(plain, threads=1), load_reader(threads=1)
    assert reader.candidates(QUESTION, [passage(TEXT)], 5) == shipped.candidates(
        QUESTION, [passage(TEXT)], 5
    )
    assert (reader.name, reader.calibration) == ("exported", None)
    assert reader.confidence.null_threshold == 0.0
    assert shipped.sha256 == OnnxReader.load(threads=1).sha256 != reader.sha256


@pytest.mark.parametrize(("limit", "length"), [(256, 256), (512, 384), (128, 128), (-5, 16)])
def test_windows_are_as_long_as_the_config_lets_them_be(
    plain: Path, limit: int, length: int
) -> None:
    """No window is longer than the model's positions, nor than ours, nor senselessly short."""
    (plain / "config.json").write_text(json.dumps({"max_position_embeddings": limit}))
    candidates = load_reader(plain, threads=1)._windows.windows("who", ["word " * 1000])
    assert max(len(window.token_ids) for window in candidates) == length


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", b"[]", "max_position_embeddings"),
        ("config.json", b"\xff", "max_position_embeddings"),
        ("tokenizer.json", b"{}", "tokenizer"),
        ("model.onnx", b"not a model", "model.onnx"),
        ("manifest.json", b"{}", "manifest.json"),
    ],
)
def test_damaged_folders_are_one_clear_error(
    plain: Path, name: str, content: bytes, message: str
) -> None:
    """Each file may be anything; a folder with a manifest must live up to it."""
    (plain / name).write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match=message):
        load_reader(plain)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    """Neither a manifest nor the two files: the error is that of any reader folder."""
    with pytest.raises(ModelFolderInvalid, match="not a model folder"):
        load_reader(tmp_path)
