"""The ONNX session on a graph that echoes its inputs: what is fed, and how."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from answerable.index import ModelFolderInvalid
from answerable.reader.session import ReaderSession
from answerable.reader.windows import WindowConfig, WindowMaker
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
