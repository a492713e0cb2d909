"""Files as torch writes them, made by hand: no torch here, and pickles that it never writes."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

KINDS = {"f4": "Float", "f8": "Double", "f2": "Half", "i8": "Long", "i4": "Int", "u1": "Byte"}
STOP = b"."
MAGIC = 0x1950A86A20F9469CFC6C


def text(value: str) -> bytes:
    """Push a text."""
    encoded = value.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def number(value: int) -> bytes:
    """Push a whole number."""
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    encoded = value.to_bytes(16, "little", signed=True)
    return b"\x8a" + bytes([len(encoded)]) + encoded


def name(module: str, member: str) -> bytes:
    """Push the name of a class or function."""
    return f"c{module}\n{member}\n".encode()


def several(*values: bytes) -> bytes:
    """Push a tuple."""
    return b"(" + b"".join(values) + b"t"


def numbers(values: tuple[int, ...]) -> bytes:
    """Push a tuple of whole numbers."""
    return several(*map(number, values))


def mapping(items: Mapping[str, bytes]) -> bytes:
    """Push a dict."""
    return b"}(" + b"".join(text(key) + value for key, value in items.items()) + b"u"


def call(module: str, member: str, *arguments: bytes) -> bytes:
    """Push what a function returns."""
    return name(module, member) + several(*arguments) + b"R"


def storage(key: str, kind: str, n_elements: int, *more: bytes) -> bytes:
    """Push a storage that is kept beside the pickle."""
    parts = text("storage"), name("torch", f"{kind}Storage"), text(key), text("cpu")
    return several(*parts, number(n_elements), *more) + b"Q"


def tensor(
    stored: bytes, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0
) -> bytes:
    """Push a tensor."""
    hooks = call("collections", "OrderedDict")
    parts = stored, number(offset), numbers(shape), numbers(strides), b"\x89", hooks
    return call("torch._utils", "_rebuild_tensor_v2", *parts)


def program(value: bytes) -> bytes:
    """Return the pickle of a pushed value."""
    return b"\x80\x02" + value + STOP


def write_zip(path: Path, pickled: bytes, storages: Mapping[str, bytes] = {}) -> Path:
    """Write torch's zip around a pickle."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model/data.pkl", pickled)
        for key, raw in storages.items():
            file.writestr(f"model/data/{key}", raw)
        file.writestr("model/version", "3\n")
    return path


def write_stream(path: Path, pickled: bytes, storages: Mapping[str, tuple[int, bytes]]) -> Path:
    """Write the layout before torch 1.6 around a pickle."""
    system = mapping({"little_endian": b"\x88"})
    keys = b"](" + b"".join(map(text, storages)) + b"e"
    parts = [program(number(MAGIC)), program(number(1001)), program(system), pickled, program(keys)]
    for n_elements, raw in storages.values():
        parts += [struct.pack("<q", n_elements), raw]
    path.write_bytes(b"".join(parts))
    return path


def state_of(tensors: Mapping[str, npt.NDArray[Any]]) -> tuple[bytes, dict[str, bytes]]:
    """Return the pickled state dict of some arrays, without its end, and the storages."""
    items, raw = {}, {}
    for key, (title, value) in enumerate(tensors.items()):
        kind = KINDS[value.dtype.str[1:]]
        steps = tuple(step // value.itemsize for step in np.ascontiguousarray(value).strides)
        items[title] = tensor(storage(str(key), kind, value.size), value.shape, steps)
        raw[str(key)] = value.tobytes()
    return mapping(items), raw


def save(path: Path, tensors: Mapping[str, npt.NDArray[Any]]) -> Path:
    """Write arrays as ``torch.save`` writes a state dict."""
    pickled, raw = state_of(tensors)
    return write_zip(path, program(pickled), raw)
