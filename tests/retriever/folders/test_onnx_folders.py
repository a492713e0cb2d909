"""Sentence Transformers folders with an ONNX file, run without torch."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from answerable.index import ModelFolderInvalid, Vectors
from answerable.retriever import encoder_manifest, load_encoder
from tests.reader.scripted import word_tokenizer
from tests.retriever.folders.tiny import TEXTS as WORDS
from tests.retriever.folders.tiny import WIDTH, table, tiny_folder, write_json

TEXT = "the office opens at nine"


@pytest.fixture(autouse=True)
def _without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every import of torch and of the library fail."""
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)


def _hidden(text: str) -> Vectors:
    """Return the vectors of a text's tokens, special tokens included."""
    ids = word_tokenizer(*WORDS).encode(text).ids
    rows: Vectors = table()[[2, *ids, 3]]
    return rows


def _unit(vector: Vectors) -> Vectors:
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


POOLED: dict[str, Callable[[Vectors], Vectors]] = {
    "cls": lambda rows: rows[0],
    "lasttoken": lambda rows: rows[-1],
    "max": lambda rows: rows.max(axis=0),
    "mean": lambda rows: rows.mean(axis=0),
    "mean_sqrt_len_tokens": lambda rows: rows.sum(axis=0) / np.sqrt(len(rows)),
    "weightedmean": lambda rows: np.average(rows, axis=0, weights=range(1, len(rows) + 1)),
}


@pytest.mark.parametrize("mode", POOLED)
def test_pooling_modes(tmp_path: Path, mode: str) -> None:
    """Each mode gives what its definition says, as a unit vector, by either way to name it."""
    old = {"cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens"}.get(mode)
    old = old or (mode if mode != "weightedmean" else "weightedmean_tokens")
    expected = _unit(POOLED[mode](_hidden(TEXT)))
    configs: list[dict[str, object]] = [{"pooling_mode": mode}, {f"pooling_mode_{old}": True}]
    for number, pooling in enumerate(configs):
        folder = tiny_folder(tmp_path / str(number), pooling=pooling)
        (actual,) = load_encoder(folder, 1).encode([TEXT])
        np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_several_modes_are_joined(tmp_path: Path) -> None:
    """Two modes give vectors of twice the width."""
    folder = tiny_folder(tmp_path / "f", pooling={"pooling_mode": ["mean", "max"]})
    encoder = load_encoder(folder, 1)
    rows = _hidden(TEXT)
    expected = _unit(np.concatenate([rows.mean(axis=0), rows.max(axis=0)]))
    assert encoder.dimension == 2 * WIDTH
    np.testing.assert_allclose(encoder.encode([TEXT])[0], expected, atol=1e-6)


def test_prompts_stand_before_questions_and_passages(tmp_path: Path) -> None:
    """Each side gets its own prompt; the room for a passage shrinks by that of passages."""
    prompts = {"query": "query: ", "passage": "passage: "}
    encoder = load_encoder(tiny_folder(tmp_path / "f", prompts=prompts), 1)
    np.testing.assert_allclose(
        encoder.encode_questions([TEXT])[0], _unit(_hidden(f"query: {TEXT}").mean(0)), atol=1e-6
    )
    np.testing.assert_allclose(
        encoder.encode([TEXT])[0], _unit(_hidden(f"passage: {TEXT}").mean(0)), atol=1e-6
    )
    assert encoder.max_tokens == 16 - 2
    assert len(encoder.token_offsets(TEXT)) == 5


def test_a_prompt_that_is_not_pooled(tmp_path: Path) -> None:
    """With ``include_prompt`` off, the prompt's tokens and [CLS] do not count."""
    pooling = {"pooling_mode": "mean", "include_prompt": False}
    folder = tiny_folder(tmp_path / "f", pooling=pooling, prompts={"query": "query: "})
    encoder = load_encoder(folder, 1)
    np.testing.assert_allclose(
        encoder.encode_questions([TEXT])[0],
        _unit(_hidden(f"query: {TEXT}")[3:].mean(axis=0)),
        atol=1e-6,
    )
    np.testing.assert_allclose(encoder.encode([TEXT])[0], _unit(_hidden(TEXT).mean(0)), atol=1e-6)


def test_long_texts_are_cut_at_max_seq_length(tmp_path: Path) -> None:
    """Special tokens count: 16 tokens leave room for 14 words."""
    encoder = load_encoder(tiny_folder(tmp_path / "f"), 1)
    cut, longer = encoder.encode(["leave " * 14, "leave " * 14 + "nine"])
    np.testing.assert_array_equal(cut, longer)
    assert not np.allclose(encoder.encode(["leave " * 13 + "nine"])[0], cut)


def test_dense_layer(tmp_path: Path) -> None:
    """A dense layer changes vectors and their length."""
    weight = np.linspace(0, 1, 3 * WIDTH, dtype=np.float32).reshape(3, WIDTH)
    bias = np.array([0.5, -0.5, 0], np.float32)
    encoder = load_encoder(tiny_folder(tmp_path / "f", dense=(weight, bias)), 1)
    expected = _unit(np.tanh(weight @ _hidden(TEXT).mean(axis=0) + bias))
    assert encoder.dimension == 3
    np.testing.assert_allclose(encoder.encode([TEXT])[0], expected, atol=1e-6)


def test_lower_casing_is_the_folders_choice(tmp_path: Path) -> None:
    """``do_lower_case`` lower-cases before a tokenizer that does not do so itself."""
    vectors = []
    for name, settings in (("as-is", {}), ("lower", {"do_lower_case": True})):
        folder = tiny_folder(tmp_path / name, settings=settings)
        tokenizer = json.loads((folder / "tokenizer.json").read_text())
        tokenizer["normalizer"]["lowercase"] = False
        write_json(folder / "tokenizer.json", tokenizer)
        vectors.append(load_encoder(folder, 1).encode(["ANNUAL leave", "annual leave"]))
    assert not np.allclose(vectors[0][0], vectors[0][1])
    np.testing.assert_array_equal(vectors[1][0], vectors[1][1])


def test_the_folder_onnx(tmp_path: Path) -> None:
    """The file may lie where the library's own export puts it."""
    folder = tiny_folder(tmp_path / "f")
    expected = load_encoder(folder, 1).encode([TEXT])
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    np.testing.assert_array_equal(load_encoder(folder, 1).encode([TEXT]), expected)


def test_identity_is_made_of_files_and_settings(tmp_path: Path) -> None:
    """The hash is known without loading, is stable, and changes with prompts and weights."""
    plain, same = tiny_folder(tmp_path / "a"), tiny_folder(tmp_path / "b")
    prompted = tiny_folder(tmp_path / "c", prompts={"query": "query: "})
    manifest = encoder_manifest(plain)
    assert (manifest.name, manifest.settings["dimension"]) == ("a", WIDTH)
    assert manifest.sha256 == encoder_manifest(same).sha256 == load_encoder(plain, 1).sha256
    assert encoder_manifest(prompted).sha256 != manifest.sha256
    with (same / "model.onnx").open("ab") as file:
        file.write(b"\x00")
    assert encoder_manifest(same).sha256 != manifest.sha256


def test_a_folder_without_onnx_names_the_extra(tmp_path: Path) -> None:
    """Without ONNX and without the extra, the error says both ways out."""
    folder = tiny_folder(tmp_path / "f")
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelFolderInvalid, match=r"no ONNX file.*\.\[models\]"):
        load_encoder(folder, 1)


def test_a_module_we_do_not_know_needs_the_library(tmp_path: Path) -> None:
    """A module of another kind is not skipped silently."""
    folder = tiny_folder(tmp_path / "f", modules=["Transformer", "Pooling", "LSTM"])
    write_json(folder / "2_LSTM" / "config.json", {})
    with pytest.raises(ModelFolderInvalid, match=r"LSTM.*\.\[models\]"):
        load_encoder(folder, 1)
