"""The ONNX session on a graph that echoes its inputs: what is fed, and how.

And on a built reader: the check at load, and the change to the fallback.
"""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from answerable.api.modeling.building import build_model
from answerable.index import ModelFolderInvalid
from answerable.reader.golden import GOLDEN_NAME, load_golden, save_golden
from answerable.reader.session import FALLBACK_NAME, ReaderSession
from answerable.reader.windows import WindowConfig, WindowMaker
from tests.models.tiny import tiny_model
from tests.reader.scripted import word_tokenizer

pytestmark = pytest.mark.models


def _echo_model(path: Path, outputs: tuple[str, str] = ("start_logits", "end_logits")) -> Path:
    """Write a model whose start logits are the segment ids and end logits the token ids."""
    shape = ["batch", "length"]
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["token_type_ids"], [outputs[0]], to=TensorProto.FLOAT),
            helper.make_node("Cast", ["input_ids"], [outputs[1]], to=TensorProto.FLOAT),
        ],
        "echo",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("input_ids", "token_type_ids")
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, path)
    return path


def test_segments_and_tokens_reach_the_model(tmp_path: Path) -> None:
    """Logits come back a window each, in order, unpadded, from the very ids of the window."""
    tokenizer = word_tokenizer("who ann ran home")
    windows = WindowMaker(tokenizer, WindowConfig()).windows("who", ["ann", "ann ran home"])
    logits = ReaderSession(_echo_model(tmp_path / "m.onnx"), threads=2).logits(windows)
    for window, (start_logits, end_logits) in zip(windows, logits, strict=True):
        np.testing.assert_array_equal(start_logits, window.type_ids)
        np.testing.assert_array_equal(end_logits, window.token_ids)


def test_windows_are_never_batched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One window a call: no padding, and memory that does not grow with the passages."""
    shapes: list[tuple[int, ...]] = []
    run = onnxruntime.InferenceSession.run

    def recording(self, names, feeds):  # type: ignore[no-untyped-def]
        shapes.append(feeds["input_ids"].shape)
        return run(self, names, feeds)

    monkeypatch.setattr(onnxruntime.InferenceSession, "run", recording)
    tokenizer = word_tokenizer("who ann ran")
    windows = WindowMaker(tokenizer, WindowConfig()).windows("who", ["ann", "ann ran"] * 5)
    ReaderSession(_echo_model(tmp_path / "m.onnx"), threads=2).logits(windows)
    assert sorted(shapes) == [(1, 5)] * 5 + [(1, 6)] * 5


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x00" * 4096])
def test_a_damaged_model_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    """A file that is no ONNX model says so."""
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match="cannot load the reader"):
        ReaderSession(path, threads=1)


def test_a_model_without_span_logits_is_refused(tmp_path: Path) -> None:
    """An ONNX model of another kind is refused by its outputs."""
    path = _echo_model(tmp_path / "m.onnx", outputs=("logits", "more"))
    with pytest.raises(ModelFolderInvalid, match="is not a reader"):
        ReaderSession(path, threads=1)


TEXT = "ann ran home"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny reader, quantized."""
    folder = tmp_path_factory.mktemp("session")
    tokenizer = word_tokenizer(TEXT)
    tiny_model(tokenizer.get_vocab_size()).save_pretrained(folder / "source")
    tokenizer.save(str(folder / "source" / "tokenizer.json"))
    build_model(folder / "source", folder / "int8", name="t", licence="x", origin="random")
    return folder / "int8"


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of the quantized reader, to be spoilt."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def _change_golden(folder: Path, *, logits: float = 0.0, tolerance: float | None = None) -> None:
    golden = load_golden(folder)
    assert golden is not None
    windows = [
        replace(window, start_logits=tuple(x + logits for x in window.start_logits))
        for window in golden.windows
    ]
    if tolerance is None:
        tolerance = golden.tolerance
    save_golden(folder, replace(golden, windows=tuple(windows), tolerance=tolerance))


def _logits(session: ReaderSession) -> np.ndarray:
    window = WindowMaker(word_tokenizer(TEXT), WindowConfig()).windows("ann", [TEXT])[0]
    return np.array(session.logits([window])[0])


def test_a_sound_model_is_run_as_it_is(built: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where the logits are those of the build, nothing is logged or changed."""
    with caplog.at_level(logging.WARNING):
        assert not ReaderSession(built / "model.onnx", threads=1).is_fallback
    assert caplog.messages == []


def test_other_logits_change_to_the_fallback(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A processor that is off is told in one line, and the same weights run in FP32."""
    sound = _logits(ReaderSession(folder / "model.onnx", threads=1))
    _change_golden(folder, logits=3.0)
    with caplog.at_level(logging.WARNING):
        session = ReaderSession(folder / "model.onnx", threads=1)
    assert session.is_fallback
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "off by 3.0" in caplog.text or "off by 2.9" in caplog.text
    logits = _logits(session)
    np.testing.assert_allclose(logits, sound, atol=0.1)
    assert (logits != sound).any()  # it is another graph


def test_without_a_fallback_other_logits_are_an_error(folder: Path) -> None:
    """A model that cannot be trusted here is not run, and the error says what to do."""
    (folder / FALLBACK_NAME).unlink()
    _change_golden(folder, tolerance=0.0)
    with pytest.raises(ModelFolderInvalid, match=r"fallback\.onnx is missing.*answerable quantize"):
        ReaderSession(folder / "model.onnx", threads=1)


def test_a_damaged_fallback_is_one_clear_error(folder: Path) -> None:
    """A fallback that cannot be loaded is named."""
    (folder / FALLBACK_NAME).write_bytes(b"no model")
    _change_golden(folder, tolerance=0.0)
    with pytest.raises(ModelFolderInvalid, match=r"cannot load the reader .*fallback\.onnx"):
        ReaderSession(folder / "model.onnx", threads=1)


def test_a_fallback_cannot_read_other_folders(folder: Path) -> None:
    """Weights of a fallback lie in its own folder: a path that leads out is refused."""
    model = onnx.load(folder / FALLBACK_NAME, load_external_data=False)
    shutil.copyfile(folder / "model.onnx", folder.parent / "model.onnx")
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../model.onnx"
    (folder / FALLBACK_NAME).write_bytes(model.SerializeToString())
    _change_golden(folder, tolerance=0.0)
    with pytest.raises(ModelFolderInvalid, match="cannot load the reader"):
        ReaderSession(folder / "model.onnx", threads=1)


@pytest.mark.parametrize("token_id", [-1_000_000, 1_000_000, 2**63])
def test_golden_ids_that_do_not_exist_are_one_clear_error(folder: Path, token_id: int) -> None:
    """Token ids that the model does not have are refused, not a crash."""
    golden = load_golden(folder)
    assert golden is not None
    window = golden.windows[0]
    ids = (token_id, *window.token_ids[1:])
    save_golden(folder, replace(golden, windows=(replace(window, token_ids=ids),)))
    with pytest.raises(ModelFolderInvalid, match="cannot be run on its golden windows"):
        ReaderSession(folder / "model.onnx", threads=1)


def test_damaged_golden_logits_are_one_clear_error(folder: Path) -> None:
    """A golden file that cannot be read stops the loading."""
    (folder / GOLDEN_NAME).write_text("{}", encoding="utf-8")
    with pytest.raises(ModelFolderInvalid, match=r"golden\.json cannot be read"):
        ReaderSession(folder / "model.onnx", threads=1)
