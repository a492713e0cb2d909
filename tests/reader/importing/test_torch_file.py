"""Torch files read without torch; tests/models compares with torch itself."""

from pathlib import Path

import numpy as np
import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader.importing.opcodes import Unread
from answerable.reader.importing.torch_file import read_torch_file, read_torch_tensors
from tests.reader.importing.torch_files import (
    call,
    mapping,
    name,
    number,
    program,
    save,
    several,
    state_of,
    storage,
    tensor,
    text,
    write_stream,
    write_zip,
)


def test_zip(tmp_path: Path) -> None:
    """Every type of element comes back as it was."""
    rng = np.random.default_rng(0)
    tensors = {
        kind: rng.integers(0, 100, (2, 3)).astype(kind)
        for kind in ("f4", "f8", "f2", "i8", "i4", "u1")
    }
    read = read_torch_tensors(save(tmp_path / "model.ckpt", tensors))
    assert {key: value.dtype.str[1:] for key, value in read.items()} == {k: k for k in tensors}
    assert all(np.array_equal(read[key], tensors[key]) for key in tensors)


def test_stream(tmp_path: Path) -> None:
    """The layout of old files gives the same."""
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    pickled, raw = state_of({"weight": weight})
    stored = {"0": (6, raw["0"])}
    read = read_torch_tensors(write_stream(tmp_path / "m.bin", program(pickled), stored))
    assert np.array_equal(read["weight"], weight)


def test_views(tmp_path: Path) -> None:
    """Tensors that share a storage, with offsets and strides, read what torch would."""
    raw = np.arange(12, dtype=np.float32)
    stored = storage("0", "Float", 12)
    pickled = mapping(
        {
            "turned": tensor(stored, (4, 3), (1, 4)),
            "tail": tensor(stored, (2, 2), (3, 1), offset=7),
            "spread": tensor(stored, (1, 5), (0, 1)),
            "scalar": tensor(stored, (), (), offset=11),
            "none": tensor(stored, (0, 3), (3, 1)),
        }
    )
    read = read_torch_tensors(write_zip(tmp_path / "m", program(pickled), {"0": raw.tobytes()}))
    assert {key: value.tolist() for key, value in read.items()} == {
        "turned": raw.reshape(3, 4).T.tolist(),
        "tail": [[7, 8], [10, 11]],
        "spread": [[0, 1, 2, 3, 4]],
        "scalar": 11,
        "none": [],
    }


def test_bfloat16(tmp_path: Path) -> None:
    """It comes as the float32 that it abbreviates."""
    halves = np.array([0x3F80, 0xC000, 0x7F80], np.uint16)  # 1, -2, infinity
    pickled = program(tensor(storage("0", "BFloat16", 3), (3,), (1,)))
    read = read_torch_file(write_zip(tmp_path / "m", pickled, {"0": halves.tobytes()}))
    assert read.dtype == np.float32 and read.tolist() == [1, -2, float("inf")]


def test_truth(tmp_path: Path) -> None:
    """Booleans are those, whatever bytes stand for them."""
    pickled = program(tensor(storage("0", "Bool", 3), (3,), (1,)))
    read = read_torch_file(write_zip(tmp_path / "m", pickled, {"0": bytes([0, 1, 7])}))
    assert read.dtype == np.bool_ and read.tolist() == [False, True, True]


def test_checkpoint(tmp_path: Path) -> None:
    """Numbers, texts and lists stand beside tensors; what no model needs is left out."""
    options = name("argparse", "Namespace") + b")\x81" + mapping({"layers": number(2)}) + b"b"
    generator = call("numpy.core.multiarray", "_reconstruct", name("numpy", "ndarray"))
    weight = tensor(storage("0", "Float", 2), (2,), (1,))
    parameter = call("torch._utils", "_rebuild_parameter", weight, b"\x88", b"}")
    content = mapping(
        {
            "args": options,
            "checkpoint_version": b"G" + b"\x40\x08" + bytes(6),
            "state_dict": mapping({"head": mapping({"weight": parameter})}),
            "seen": b"](" + text("a") + number(2**40) + b"e",
            "size": call("torch", "Size", several(number(2))),
            "type": name("torch", "float16"),
            "rng": generator,
        }
    )
    raw = np.array([1, 2], np.float32).tobytes()
    path = write_zip(tmp_path / "m", program(content), {"0": raw})
    read = read_torch_file(path)
    weights = read.pop("state_dict")["head"]["weight"]
    assert weights.tolist() == [1, 2]
    assert read == {
        "args": {"layers": 2},
        "checkpoint_version": 3.0,
        "seen": ["a", 2**40],
        "size": (2,),
        "type": Unread(),
        "rng": Unread(),
    }
    assert list(read_torch_tensors(path)) == ["head.weight"]


def test_attributes_of_a_state_dict(tmp_path: Path) -> None:
    """``_metadata``, which torch sets on a state dict, is no tensor."""
    state = call("collections", "OrderedDict") + mapping({"_metadata": b"}"}) + b"b"
    with pytest.raises(ModelFolderInvalid, match="no tensors by name"):
        read_torch_tensors(write_zip(tmp_path / "m", program(state)))


def test_arrays_are_not_written_to(tmp_path: Path) -> None:
    """Two names may share one storage: nobody changes it."""
    weight = read_torch_tensors(save(tmp_path / "m", {"w": np.zeros(2, np.float32)}))["w"]
    with pytest.raises(ValueError, match="read-only"):
        weight[0] = 1
