"""Folders that are broken or mean harm: one clear error each, never another."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index import ModelFolderInvalid
from answerable.retriever import load_encoder
from answerable.retriever.folders.configuration import read_configuration
from answerable.retriever.folders.dense_layer import read_tensors
from tests.retriever.folders.tiny import (
    WIDTH,
    lookup_onnx,
    safetensors,
    table,
    tiny_folder,
    write_json,
)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("modules.json", {}, "list of modules"),
        ("modules.json", [1], "no type"),
        ("modules.json", [{"type": "x.Pooling", "path": ""}], "first module"),
        ("modules.json", [{"type": "x.Transformer", "path": "../other"}], "leads out"),
        ("modules.json", [{"type": "x.Transformer", "path": "/etc"}], "leads out"),
        ("config.json", [], "JSON object"),
        ("1_Pooling/config.json", {"pooling_mode": "median"}, "median"),
        ("1_Pooling/config.json", {"pooling_mode": []}, "not supported"),
        ("1_Pooling/config.json", {"embedding_dimension": "4"}, "width"),
        ("1_Pooling/config.json", {"embedding_dimension": -1}, "width"),
        ("sentence_bert_config.json", {"max_seq_length": "many"}, "max_seq_length"),
        ("sentence_bert_config.json", {"max_seq_length": 0}, "max_seq_length"),
        ("config_sentence_transformers.json", {"prompts": {"query": 3}}, "prompts"),
        ("config_sentence_transformers.json", {"prompts": ["query"]}, "prompts"),
        ("config_sentence_transformers.json", {"prompts": {"document": "leave " * 9}}, "no room"),
        ("config_sentence_transformers.json", {"prompts": {"query": "leave " * 9}}, "no room"),
    ],
)
def test_configurations(tmp_path: Path, name: str, value: object, message: str) -> None:
    """A value of another type or without meaning is named."""
    folder = tiny_folder(tmp_path / "f")
    write_json(folder / name, value)
    with pytest.raises(ModelFolderInvalid, match=message):
        load_encoder(folder, 1)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("modules.json", b"\xff", "modules.json"),
        ("modules.json", b"[" * 100_000, "modules.json"),
        ("tokenizer.json", b"{}", "tokenizer"),
        ("model.onnx", b"no model", "model.onnx"),
        ("model.onnx", lookup_onnx(table(), "logits")[:-9], "model.onnx"),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """Files that are no JSON, no tokenizer or no model are named."""
    folder = tiny_folder(tmp_path / "f")
    (folder / name).write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match=message):
        load_encoder(folder, 1).encode(["leave"])


def test_vectors_of_another_width(tmp_path: Path) -> None:
    """A graph whose vectors are not as wide as the folder says is refused at the first text."""
    folder = tiny_folder(tmp_path / "f", pooling={"embedding_dimension": WIDTH + 1})
    with pytest.raises(ModelFolderInvalid, match="shape"):
        load_encoder(folder, 1).encode(["leave"])


def test_several_onnx_files(tmp_path: Path) -> None:
    """Which of several files to run is not guessed."""
    folder = tiny_folder(tmp_path / "f")
    (folder / "model.onnx").rename(folder / "model_O2.onnx")
    assert load_encoder(folder, 1).encode(["leave"]).shape == (1, WIDTH)
    (folder / "model_O3.onnx").write_bytes(b"")
    with pytest.raises(ModelFolderInvalid, match="several ONNX files"):
        load_encoder(folder, 1)


def test_neither_kind_of_folder(tmp_path: Path) -> None:
    """An empty folder, and one that is not there, are no model folders."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ModelFolderInvalid, match="not a model folder"):
            load_encoder(folder, 1)


def test_dense_layer_of_another_shape(tmp_path: Path) -> None:
    """Weights that do not fit what comes before are refused when loading."""
    wrong = (np.zeros((3, WIDTH + 1), np.float32), np.zeros(3, np.float32))
    with pytest.raises(ModelFolderInvalid, match=f"no layer from {WIDTH} to 3"):
        load_encoder(tiny_folder(tmp_path / "f", dense=wrong), 1)


GOOD = safetensors({"a": np.ones((2, 3), np.float32)})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.booleans())
def test_any_damage_to_safetensors(place: int, value: int, is_cut: bool) -> None:
    """A changed or cut file gives tensors or our error, never another."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.safetensors"
        path.write_bytes(
            GOOD[:place] if is_cut else GOOD[:place] + bytes([value]) + GOOD[place + 1 :]
        )
        try:
            tensors = read_tensors(path)
        except ModelFolderInvalid:
            return
        assert all(tensor.dtype == np.float32 for tensor in tensors.values())


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
INNER = SCALARS | st.lists(SCALARS, max_size=2)
JSON = INNER | st.lists(INNER, max_size=3) | st.dictionaries(st.text(), INNER, max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["embedding_dimension", "pooling_mode", "include_prompt"]), JSON
    ),
    st.dictionaries(st.sampled_from(["max_seq_length", "do_lower_case"]), JSON),
    st.dictionaries(st.sampled_from(["prompts", "similarity_fn_name"]), JSON),
)
def test_any_json(pooling: object, transformer: object, prompts: object) -> None:
    """Whatever JSON stands in the files, reading gives a configuration or our error."""
    with tempfile.TemporaryDirectory() as parent:
        folder = tiny_folder(Path(parent) / "f")
        write_json(folder / "1_Pooling" / "config.json", pooling)
        write_json(folder / "sentence_bert_config.json", transformer)
        write_json(folder / "config_sentence_transformers.json", prompts)
        try:
            config = read_configuration(folder)
        except ModelFolderInvalid:
            return
        assert config.pooling
        assert 3 <= config.max_tokens <= 32_768
