"""A source's tensors as numpy arrays: from safetensors, or a torch file read without its pickle."""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid

from .configuration import read_json_object
from .source_files import source_file
from .torch_file import read_torch_tensors

Array = npt.NDArray[Any]
SAFETENSORS_NAME = "model.safetensors"
SHARDS_NAME = "model.safetensors.index.json"
TORCH_NAME = "pytorch_model.bin"

_MAX_HEADER_BYTES = 100 << 20  # as the format's own readers have it
_MAX_INDEX_BYTES = 16 << 20
_ELEMENT_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",  # numpy has none: the upper half of a float32
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U8": "<u1",
    "BOOL": "<u1",
}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """Where a tensor lies in its file, and what it is."""

    file: Path
    kind: str
    shape: tuple[int, ...]
    begin: int

    @property
    def n_bytes(self) -> int:
        """How much of the file it takes."""
        return math.prod(self.shape) * np.dtype(_ELEMENT_TYPES[self.kind]).itemsize

    def read(self) -> Array:
        """Return the values; brain floats as float32."""
        if 0 in self.shape:
            return np.zeros(self.shape, np.float32)
        array = np.memmap(
            self.file, np.dtype(_ELEMENT_TYPES[self.kind]), "r", self.begin, self.shape or (1,)
        )
        if self.kind == "BF16":
            return (array.astype(np.uint32) << 16).view(np.float32).reshape(self.shape)
        return np.array(array).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class LoadedTensor:
    """A tensor that is in memory already."""

    values: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The length along each axis."""
        return self.values.shape

    def read(self) -> Array:
        """Return the values."""
        return self.values


SourceTensor = StoredTensor | LoadedTensor


def weight_files(folder: Path) -> tuple[Path, ...]:
    """Return the files that hold a folder's weights; none if it has none that can be read.

    Raises:
        ModelFolderInvalid: one is a link that leads elsewhere, or is missing.
    """
    for name in (SAFETENSORS_NAME, SHARDS_NAME, TORCH_NAME):
        if path := source_file(folder, name):
            return (path, *(_shards(folder) if name == SHARDS_NAME else ()))
    return ()


def source_tensors(folder: Path) -> dict[str, SourceTensor]:
    """Return the tensors of a Hugging Face folder by name; no code of it runs.

    Those of safetensors are read one by one, when they are asked for.

    Raises:
        ModelFolderInvalid: there are none, or a file is damaged.
    """
    files = weight_files(folder)
    if not files:
        raise ModelFolderInvalid(
            f"{folder} has no weights that can be read: {SAFETENSORS_NAME}, {SHARDS_NAME} or "
            f"{TORCH_NAME}"
        )
    if files[0].name == TORCH_NAME:
        return {name: LoadedTensor(values) for name, values in read_torch_tensors(files[0]).items()}
    stored: dict[str, SourceTensor] = {}
    for path in files:
        if path.suffix == ".safetensors":
            stored |= safetensors_header(path)
    return stored


def safetensors_header(path: Path) -> dict[str, StoredTensor]:
    """Return where each tensor of a safetensors file lies; every place is inside the file.

    Raises:
        ModelFolderInvalid: the file is cut off, or its header does not fit it.

    Source: https://huggingface.co/docs/safetensors, "Format".
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(_MAX_HEADER_BYTES, size - 8):
                raise ValueError("its header is longer than the file")
            header = json.loads(file.read(length).decode("utf-8"))
        if not isinstance(header, dict):
            raise TypeError("its header is no JSON object")
        tensors = dict(_places(path, header, 8 + length, size))
        if sum(tensor.n_bytes for tensor in tensors.values()) > size - 8 - length:
            raise ValueError("its tensors share their places")
        return tensors
    except (OSError, ValueError, KeyError, TypeError, RecursionError, struct.error) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise ModelFolderInvalid(f"{path} is no safetensors file: {reason}") from exc


def _places(
    path: Path, header: Mapping[str, Any], data_at: int, size: int
) -> Iterator[tuple[str, StoredTensor]]:
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        kind, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        if kind not in _ELEMENT_TYPES:
            raise ValueError(f"tensor {name!r} is of the unknown type {kind!r}")
        numbers = (*shape, begin, end)
        if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers):
            raise ValueError(f"tensor {name!r} has an impossible shape or place")
        tensor = StoredTensor(path, kind, shape, data_at + begin)
        if end - begin != tensor.n_bytes or data_at + end > size:
            raise ValueError(f"tensor {name!r} does not fit into the file")
        yield name, tensor


def _shards(folder: Path) -> tuple[Path, ...]:
    places = read_json_object(folder / SHARDS_NAME, _MAX_INDEX_BYTES).get("weight_map")
    names = sorted(set(map(str, places.values()))) if isinstance(places, dict) else []
    for name in names:
        is_plain = Path(name).name == name and name.endswith(".safetensors")
        if not is_plain or source_file(folder, name) is None:
            raise ModelFolderInvalid(f"{folder / SHARDS_NAME} names {name!r}, which is not there")
    return tuple(folder / name for name in names)
