"""Plain ONNX files: inputs and outputs of any names, order and shape, and files that mean harm."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from answerable.api.modeling.importing import ImportChoices, import_model
from answerable.index import ModelFolderInvalid
from answerable.reader import OnnxReader
from answerable.reader.conversion.checking import onnx_run
from answerable.reader.session import ReaderSession
from tests.models.folders import write_vocabulary
from tests.reader.scripted import passage

pytestmark = pytest.mark.models

LOGITS = ("start_logits", "end_logits")
WIDTH = 8
NAMES = {"ids": "input_ids", "mask": "attention_mask", "types": "token_type_ids"}
TEXT = "The engineers dammed the upper Orle at a narrow gorge."
CHOICES = ImportChoices(null_answer="none")


def _graph(
    vocab_size: int,
    *,
    names: dict[str, str] = NAMES,
    outputs: tuple[str, ...] = LOGITS,
    order: tuple[str, ...] = ("ids", "mask", "types"),
    shape: tuple[Any, Any] = ("batch", "length"),
    kind: int = TensorProto.INT64,
    baked: int | None = None,
) -> onnx.ModelProto:
    """Return a reader of one layer: words and types, a mean over unmasked tokens, two logits."""
    random = np.random.default_rng(0)
    arrays = {
        "words": random.normal(size=(vocab_size, WIDTH)).astype(np.float32),
        "types": random.normal(size=(2, WIDTH)).astype(np.float32),
        "head": random.normal(size=(WIDTH, 2)).astype(np.float32) * 3,
        "axis": np.array([1], np.int64),
        "last": np.array([2], np.int64),
        "halves": np.array([1, 1], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["words", names["ids"]], ["w"]),
        helper.make_node("Gather", ["types", names["types"]], ["t"]),
        helper.make_node("Add", ["w", "t"], ["x"]),
        helper.make_node("Cast", [names["mask"]], ["m"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["m", "last"], ["m3"]),
        helper.make_node("Mul", ["x", "m3"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "axis"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["m3", "axis"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["mean"]),
        helper.make_node("Add", ["x", "mean"], ["h0"]),
        helper.make_node("Tanh", ["h0"], ["h1"]),
    ]
    hidden = "h1"
    if baked:  # a node that holds the length, as many exports do
        arrays["shape"] = np.array([1, baked, WIDTH], np.int64)
        nodes.append(helper.make_node("Reshape", ["h1", "shape"], ["h2"]))
        hidden = "h2"
    joint = outputs[0] if len(outputs) == 1 else "both"
    nodes.append(helper.make_node("MatMul", [hidden, "head"], [joint]))
    sizes = [(*shape, 2)] if len(outputs) == 1 else [(*shape, 1)] * 2
    if len(outputs) == 2:
        nodes.append(helper.make_node("Split", ["both", "halves"], list(outputs), axis=2))
    graph = helper.make_graph(
        nodes,
        "reader",
        [helper.make_tensor_value_info(names[each], kind, shape) for each in order],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, size)
            for name, size in zip(outputs, sizes, strict=True)
        ],
        [numpy_helper.from_array(value, name) for name, value in arrays.items()],
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def _source(folder: Path, **changes: Any) -> Path:
    folder.mkdir()
    onnx.save(_graph(write_vocabulary(folder), **changes), folder / "model.onnx")
    return folder


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """The logits of the plain graph on one window."""
    folder = _source(tmp_path_factory.mktemp("plain") / "source")
    return _logits(folder / "model.onnx")


def _logits(path: Path) -> list[np.ndarray]:
    ids = np.arange(5, 45)
    return [value.squeeze() for value in onnx_run(path, LOGITS)(ids, (ids > 15).astype(np.int64))]


@pytest.mark.parametrize(
    "changes",
    [
        {"order": ("types", "mask", "ids")},
        {"kind": TensorProto.INT32},
        {"outputs": ("output_s", "output_e")},
        {"outputs": ("logits",)},
        {"names": {"ids": "input_ids:0", "mask": "input_mask:0", "types": "segment_ids:0"}},
        {"names": {"ids": "input.1", "mask": "attention_mask.1", "types": "input.3"}},
        {"names": {"ids": "0", "mask": "1", "types": "2"}, "outputs": ("2141", "2142")},
        {"shape": (1, 384)},
        {"shape": (1, 384), "baked": 384, "kind": TensorProto.INT32},
    ],
)
def test_inputs_and_outputs_are_told_apart(
    tmp_path: Path, expected: list[np.ndarray], changes: dict[str, Any]
) -> None:
    """Whatever they are called and however they lie, the imported folder gives the same logits."""
    source = _source(tmp_path / "source", **changes)
    imported = import_model(source, tmp_path / "out", CHOICES)
    np.testing.assert_allclose(_logits(tmp_path / "out" / "model.onnx"), expected, atol=1e-4)
    assert any("first output" in note for note in imported.notes) == ("2141" in str(changes))
    reader = OnnxReader.load(tmp_path / "out", threads=1)
    (span, *_) = reader.read("What was dammed?", [passage(TEXT)]).spans
    assert TEXT[span.start : span.end] == span.text


def test_a_free_length_is_taken_where_the_graph_allows_it(tmp_path: Path) -> None:
    """A window is padded only for a graph that holds its length in a node."""
    for name, baked, length in (("free", None, None), ("held", 384, 384)):
        source = _source(tmp_path / name, shape=(1, 384), baked=baked)
        import_model(source, tmp_path / f"{name}-out", CHOICES)
        session = ReaderSession(tmp_path / f"{name}-out" / "model.onnx", 1)
        assert session.fixed_length == length


def test_output_names_may_be_given(tmp_path: Path, expected: list[np.ndarray]) -> None:
    """The user's word on which output is the start goes before ours."""
    source = _source(tmp_path / "source", outputs=("a", "b"))
    choices = ImportChoices(null_answer="none", output_names=("b", "a"))
    import_model(source, tmp_path / "out", choices)
    actual = _logits(tmp_path / "out" / "model.onnx")
    np.testing.assert_allclose(actual, expected[::-1], atol=1e-4)


def _outside(folder: Path, place: str) -> None:
    """Say that a tensor is kept elsewhere."""
    model = onnx.load(folder / "model.onnx")
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    onnx.save(model, folder / "model.onnx")


def _custom(folder: Path) -> None:
    model = onnx.load(folder / "model.onnx")
    model.graph.node[0].domain = "evil.ops"
    onnx.save(model, folder / "model.onnx")


def _not_a_number(folder: Path) -> None:
    model = onnx.load(folder / "model.onnx")
    words = numpy_helper.to_array(model.graph.initializer[0]).copy()
    words[:] = np.nan
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(words, "words"))
    onnx.save(model, folder / "model.onnx")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: _outside(folder, "../secret.bin"),
        lambda folder: _outside(folder, "/etc/passwd"),
        lambda folder: _outside(folder, "gone.bin"),
        _custom,
        _not_a_number,
        lambda folder: (folder / "model.onnx").write_bytes(b""),
        lambda folder: (folder / "model.onnx").write_bytes(b"\x08\x0a" * 40),
        lambda folder: (folder / "model.onnx").write_bytes(
            (folder / "model.onnx").read_bytes()[:-400]
        ),
        lambda folder: (folder / "vocab.txt").unlink(),
        lambda folder: (folder / "other.onnx").rename(folder / "model.onnx"),
    ],
)
def test_a_hostile_file_is_one_line(tmp_path: Path, spoil: Any) -> None:
    """A file that refers elsewhere, is damaged or computes nothing sound leaves no folder."""
    source = _source(tmp_path / "source")
    (tmp_path / "secret.bin").write_bytes(b"x" * 10_000)
    onnx.save(
        helper.make_model(
            helper.make_graph(
                [helper.make_node("Identity", ["x"], ["y"])],
                "other",
                [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
                [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
            ),
            ir_version=10,
            opset_imports=[helper.make_opsetid("", 17)],
        ),
        source / "other.onnx",
    )
    spoil(source)
    with pytest.raises(ModelFolderInvalid) as caught:
        import_model(source, tmp_path / "out", CHOICES)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.bin", "source"]
