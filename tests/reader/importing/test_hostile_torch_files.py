"""Torch files that mean harm: one line each, nothing runs, and little memory is taken."""

import os
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from answerable.index import ModelFolderInvalid
from answerable.reader.importing.torch_file import read_torch_file, read_torch_tensors
from tests.reader.importing.torch_files import (
    call,
    mapping,
    name,
    number,
    numbers,
    program,
    save,
    several,
    storage,
    tensor,
    text,
    write_stream,
    write_zip,
)

_MOST_BYTES = 4 << 20  # of memory for a file of a few kilobytes
_RAW = {"0": np.zeros(4, np.float32).tobytes()}
_STORED = storage("0", "Float", 4)


class _Calls:
    """Pickled as a call of whatever it is given."""

    def __init__(self, *reduced: Any) -> None:
        self._reduced = reduced

    def __reduce__(self) -> tuple[Any, ...]:
        return self._reduced


def _touch(canary: Path) -> str:
    return f"touch {canary}"


CALLS: dict[str, Callable[[Path], bytes]] = {
    "os.system": lambda canary: pickle.dumps(_Calls(os.system, (_touch(canary),)), 2),
    "posix.system, protocol 0": lambda canary: f"cposix\nsystem\n(V{_touch(canary)}\ntR.".encode(),
    "nt.system": lambda canary: program(call("nt", "system", text(_touch(canary)))),
    "eval": lambda canary: pickle.dumps(_Calls(eval, (f"open({str(canary)!r}, 'w')",)), 2),
    "exec": lambda canary: pickle.dumps(_Calls(exec, (f"open({str(canary)!r}, 'w')",)), 4),
    "open": lambda canary: pickle.dumps(_Calls(open, (str(canary), "w")), 2),
    "Popen": lambda canary: program(call("subprocess", "Popen", text(_touch(canary)))),
    "runpy": lambda canary: program(call("runpy", "_run_code", text(_touch(canary)))),
    "torch.load": lambda canary: program(call("torch", "load", text(str(canary)))),
    "torch.hub": lambda canary: program(call("torch.hub", "load", text(str(canary)))),
    "name on the stack": lambda canary: (
        b"\x80\x04" + text("os") + text("system") + b"\x93" + several(text(_touch(canary))) + b"R."
    ),
    "name with points": lambda canary: program(
        call("torch", "serialization.os.system", text(_touch(canary)))
    ),
    "member of an allowed module": lambda canary: program(
        call("collections", "OrderedDict.__init__.__globals__", text(_touch(canary)))
    ),
    "INST": lambda canary: f"(V{_touch(canary)}\nios\nsystem\n.".encode(),
    "OBJ": lambda canary: b"(" + name("os", "system") + text(_touch(canary)) + b"o.",
    "NEWOBJ": lambda canary: program(
        name("os", "system") + several(text(_touch(canary))) + b"\x81"
    ),
    "NEWOBJ_EX": lambda canary: (
        b"\x80\x04" + name("os", "system") + several(text(_touch(canary))) + b"}\x92."
    ),
    "BUILD": lambda canary: program(
        call("collections", "OrderedDict") + call("os", "system", text(_touch(canary))) + b"b"
    ),
    "BUILD of a text": lambda canary: program(text("a") + mapping({"x": number(1)}) + b"b"),
    "EXT1": lambda canary: b"\x80\x02\x82\x01" + several(text(_touch(canary))) + b"R.",
    "EXT4": lambda canary: b"\x80\x02\x84\x01\0\0\0" + several(text(_touch(canary))) + b"R.",
    "PERSID": lambda canary: b"Pos.system\n.",
    "persistent id": lambda canary: program(
        several(text("module"), name("os", "system"), text(_touch(canary))) + b"Q"
    ),
    "persistent id that calls": lambda canary: program(
        call("os", "system", text(_touch(canary))) + b"Q"
    ),
    "storage of another class": lambda canary: program(
        several(text("storage"), name("os", "system"), text("0"), text("cpu"), number(4)) + b"Q"
    ),
    "call of a value": lambda canary: program(text("os.system") + several(text("a")) + b"R"),
    "call inside a list": lambda canary: program(
        b"](" + _STORED + call("os", "system", text(_touch(canary))) + b"e"
    ),
    "call behind a sound tensor": lambda canary: program(
        mapping(
            {
                "weight": tensor(_STORED, (4,), (1,)),
                "next": call("posix", "system", text(_touch(canary))),
            }
        )
    ),
    "call in the hooks": lambda canary: program(
        call(
            "torch._utils",
            "_rebuild_tensor_v2",
            *(_STORED, number(0), numbers((4,)), numbers((1,)), b"\x89"),
            call("os", "system", text(_touch(canary))),
        )
    ),
    "reducer of a dict": lambda canary: pickle.dumps(
        _Calls(dict, (), None, None, iter([("a", _Calls(os.system, (_touch(canary),)))])), 4
    ),
    "next buffer": lambda canary: b"\x80\x05\x97.",
    "set": lambda canary: b"\x80\x04\x8f(" + call("os", "system", text("true")) + b"\x90.",
}

SHAPES: dict[str, bytes] = {
    "too long": tensor(_STORED, (5,), (1,)),
    "too far": tensor(_STORED, (4,), (1,), offset=1),
    "wide strides": tensor(_STORED, (2, 2), (3, 1)),
    "endless by repetition": tensor(_STORED, (1 << 40,), (0,)),
    "negative offset": tensor(_STORED, (2,), (1,), offset=-2),
    "negative stride": tensor(_STORED, (2,), (-1,), offset=2),
    "negative size": tensor(_STORED, (-1,), (1,)),
    "sizes whose product overflows": tensor(_STORED, (1 << 33, 1 << 33), (0, 0)),
    "more dimensions than arrays have": tensor(_STORED, (1,) * 65, (1,) * 65),
    "sizes without strides": tensor(_STORED, (2, 2), (1,)),
    "a text for a size": call(
        "torch._utils", "_rebuild_tensor_v2", _STORED, number(0), text("44"), text("11")
    ),
    "a tensor of no storage": call(
        "torch._utils", "_rebuild_tensor_v2", text("0"), number(0), numbers((2,)), numbers((1,))
    ),
    "a parameter of no tensor": call("torch._utils", "_rebuild_parameter", text("0")),
    "a storage that says to be longer": tensor(storage("0", "Float", 1 << 34), (1 << 33,), (1,)),
    "a storage that says to be shorter": tensor(storage("0", "Float", 3), (3,), (1,)),
    "a storage of another type": tensor(storage("0", "Double", 4), (4,), (1,)),
    "a negative storage": tensor(storage("0", "Float", -1), (0,), (1,)),
    "a storage that is missing": tensor(storage("1", "Float", 4), (4,), (1,)),
    "a storage outside": tensor(storage("../../version", "Byte", 2), (2,), (1,)),
    "a view of a storage": tensor(
        storage("0", "Float", 4, several(text("1"), number(0), number(9))), (4,), (1,)
    ),
    "one storage a thousand times": mapping(
        {str(i): tensor(_STORED, (4,), (1,)) for i in range(1000)}
    ),
}


def _refused(path: Path) -> str:
    """Return the one line, and see that little memory was taken on the way to it."""
    tracemalloc.start()
    try:
        with pytest.raises(ModelFolderInvalid) as raised:
            read_torch_tensors(path)
        assert tracemalloc.get_traced_memory()[1] < _MOST_BYTES
    finally:
        tracemalloc.stop()
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("case", CALLS)
def test_calls(tmp_path: Path, case: str, *, is_zip: bool) -> None:
    """Whatever a pickle calls is not called."""
    canary, pickled = tmp_path / "canary", CALLS[case](tmp_path / "canary")
    path = tmp_path / "model_weights.ckpt"
    if is_zip:
        write_zip(path, pickled, _RAW)
    else:
        write_stream(path, pickled, {"0": (4, _RAW["0"])})
    assert "pickle" in _refused(path)
    assert not canary.exists()
    assert list(tmp_path.iterdir()) == [path]


def test_the_calls_are_real(tmp_path: Path) -> None:
    """Python's own pickle would have run them: the first is shown."""
    canary = tmp_path / "canary"
    pickle.loads(CALLS["os.system"](canary))
    assert canary.exists()


@pytest.mark.parametrize("case", SHAPES)
def test_shapes(tmp_path: Path, case: str) -> None:
    """A tensor that is not inside its storage is refused."""
    _refused(write_zip(tmp_path / "m", program(SHAPES[case]), _RAW))


def test_stream_of_other_storages(tmp_path: Path) -> None:
    """Keys, lengths and bytes must be those that the pickle says."""
    pickled = program(mapping({"w": tensor(_STORED, (4,), (1,))}))
    raw = _RAW["0"]
    for storages in ({}, {"1": (4, raw)}, {"0": (5, raw)}, {"0": (4, raw[:-1])}, {"0": (-1, raw)}):
        _refused(write_stream(tmp_path / "m", pickled, storages))
    _refused(write_stream(tmp_path / "m", pickled, {"0": (4, raw), "1": (4, raw)}))


def _nested(depth: int) -> bytes:
    return b"]" * depth + b"a" * (depth - 1)


def _doubling(times: int) -> bytes:
    """Return a list of two of a list of two and so on: short to write, endless to walk."""
    steps = [b"]q\0"]
    for i in range(1, times):
        steps.append(b"](" + f"h{chr(i - 1)}".encode() * 2 + b"eq" + bytes([i]))
    return b"".join(steps)


BOMBS: dict[str, bytes] = {
    "deep": _nested(5000),
    "doubling": _doubling(30),
    "itself": b"]q\0h\0a",
    "long number": b"\x8b" + struct.pack("<i", 1 << 20) + bytes(1 << 20),
    "long decimal": b"L" + b"9" * 500_000 + b"L\n",
    "text that is longer than the file": b"X" + struct.pack("<I", 0xFFFFFFFF),
    "bytes that are longer than memory": b"\x8e" + struct.pack("<Q", 1 << 60),
    "long line": b"c" + b"a" * 500_000 + b"\nb\n",
    "no end": b"N",
    "empty stack": b"a",
    "missing mark": b"t",
    "missing memo": b"h\x07",
    "two values": b"NN",
    "unhashable key": b"}]Ns",
    "tuple for a key": b"})Ns",
    "odd items": b"}(Nu",
    "unknown instruction": b"\xff",
}


@pytest.mark.parametrize("case", BOMBS)
def test_bombs(tmp_path: Path, case: str) -> None:
    """A pickle that is short and means much is refused before it costs much."""
    end = b"" if case == "no end" else b"."
    _refused(write_zip(tmp_path / "m", b"\x80\x02" + BOMBS[case] + end))


def test_too_many_instructions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an end to what a pickle may do."""
    monkeypatch.setattr("answerable.reader.importing.opcodes._MAX_INSTRUCTIONS", 1000)
    assert "too long" in _refused(write_zip(tmp_path / "m", program(b"Nq\0" * 1000)))


def test_packed_zip(tmp_path: Path) -> None:
    """What is packed could unfold into any size: torch packs nothing."""
    with zipfile.ZipFile(tmp_path / "m", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model/data.pkl", program(b"}"))
        file.writestr("model/data/0", bytes(50 << 20))
    assert "packed" in _refused(tmp_path / "m")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["model/data.pkl", "other/data.pkl"])
def test_part_twice(tmp_path: Path, second: str) -> None:
    """Which of two would be read is not left to chance."""
    with zipfile.ZipFile(tmp_path / "m", "w") as file:
        file.writestr("model/data.pkl", program(b"}"))
        file.writestr(second, program(b"}"))
    assert "twice" in _refused(tmp_path / "m")


def test_overlapping_parts(tmp_path: Path) -> None:
    """Parts that share bytes say to hold more than the file has."""
    path = save(tmp_path / "m", {"w": np.zeros(1000, np.float32)})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        files = [entry.filename for entry in file.infolist()]
    assert files[0] == "model/data.pkl"
    directory = data.rfind(b"PK\x01\x02", 0, data.find(b"PK\x01\x02") + 1)
    data[directory + 20 : directory + 28] = struct.pack("<LL", len(data), len(data))
    path.write_bytes(data)
    _refused(path)


def test_huge_directory(tmp_path: Path) -> None:
    """A directory that would fill the memory is not read."""
    path = save(tmp_path / "m", {"w": np.zeros(2, np.float32)})
    data = bytearray(path.read_bytes())
    end = data.rfind(b"PK\x05\x06")
    data[end + 8 : end + 16] = struct.pack("<HHL", 60_000, 60_000, 60_000 * 46)
    path.write_bytes(data)
    assert "too many parts" in _refused(path)


def test_truncated(tmp_path: Path) -> None:
    """A file that ends early is refused, wherever it ends."""
    whole = save(tmp_path / "m", {"w": np.zeros(4, np.float32)}).read_bytes()
    for length in range(0, len(whole), 7):
        (tmp_path / "m").write_bytes(whole[:length])
        _refused(tmp_path / "m")


def test_damaged_storage(tmp_path: Path) -> None:
    """A bit that fell is noticed by the zip's checksum."""
    path = save(tmp_path / "m", {"w": np.full(4, 3, np.float32)})
    data = path.read_bytes()
    place = data.index(np.full(4, 3, np.float32).tobytes())
    path.write_bytes(data[:place] + b"\x01" + data[place + 1 :])
    assert "damaged" in _refused(path)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x80", b"./@LongLink", bytes(1000)], ids=repr
)
def test_other_files(tmp_path: Path, content: bytes) -> None:
    """What torch did not write is named."""
    (tmp_path / "m").write_bytes(content)
    assert str(tmp_path / "m") in _refused(tmp_path / "m")


def test_missing(tmp_path: Path) -> None:
    """So is a file that is not there."""
    with pytest.raises(ModelFolderInvalid, match="No such file"):
        read_torch_file(tmp_path / "m")


@settings(max_examples=150, deadline=None)
@given(noise=st.binary(max_size=60))
@example(noise=b"S'\\ '\n")  # an escape that Python warns of
def test_noise(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    """Any bytes for a pickle end as a value or in our own error."""
    path = write_zip(tmp_path_factory.mktemp("noise") / "m", b"\x80\x02" + noise + b".")
    with suppress(ModelFolderInvalid):
        read_torch_file(path)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 2000), value=st.integers(0, 255))
def test_fallen_bits(tmp_path_factory: pytest.TempPathFactory, place: int, value: int) -> None:
    """A sound file with any byte changed ends likewise."""
    path = save(tmp_path_factory.mktemp("bits") / "m", {"w": np.ones((2, 3), np.float32)})
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data)
    with suppress(ModelFolderInvalid):
        read_torch_file(path)
