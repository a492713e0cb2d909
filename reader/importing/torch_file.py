"""Tensors from files that torch saved, without torch and without its pickle's power.

``torch.save`` writes a zip of a pickle and raw storages; before torch 1.6 it wrote a stream of
pickles with the storages behind them. Both are read here, and nothing but tensors and plain
values comes out of them.
"""

import os
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from answerable.index import ModelFolderInvalid

from .opcodes import Name, Namespace, Result, Unread, interpret
from .tensors import STORAGE_TYPES, Array, Storage, Tensor, storage_of, tensor_of
from .zipped import ZippedParts, is_zip

_MAX_PICKLE_BYTES = 64 << 20
_MAX_LINE_BYTES = 1000
_MAX_DEPTH = 40
_MAX_VALUES = 2_000_000
_MAX_COPIES = 4  # tensors may share a storage, as tied weights do; not without end
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_LENGTH = struct.Struct("<q")
_WEIGHTS = ("state_dict", "model_state_dict", "model")

RawStorage = Callable[[Storage], bytes]


def read_torch_tensors(path: Path) -> dict[str, Array]:
    """Return a file's tensors by their names, those of nested dicts joined by points.

    Of a checkpoint that keeps its weights under ``state_dict``, ``model_state_dict`` or
    ``model``, these alone, without that prefix.

    Raises:
        ModelFolderInvalid: the file is damaged, or its pickle does more than describe tensors.
    """
    content = read_torch_file(path)
    for key in _WEIGHTS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    tensors = dict(_flat(content, "")) if isinstance(content, dict) else {}
    if not tensors:
        raise ModelFolderInvalid(f"{path} holds no tensors by name")
    return tensors


def read_torch_file(path: Path) -> Any:
    """Return what a file holds: dicts, lists, tuples, numbers, texts, None and arrays.

    Half precision comes as float16, bfloat16 as float32; arrays are views that cannot be
    written to. What no model needs, such as a random number generator, comes as ``Unread``.

    Raises:
        ModelFolderInvalid: the file is damaged, or its pickle does more than describe tensors.
    """
    try:
        with path.open("rb") as file:
            return _of_zip(file) if is_zip(file) else _of_stream(file)
    except (ModelFolderInvalid, OSError) as exc:
        raise ModelFolderInvalid(f"cannot read {path} as a torch file: {exc}") from exc


def _of_zip(file: BinaryIO) -> Any:
    with ZippedParts(file) as parts:
        if parts.text("byteorder", "little") != "little":
            raise ModelFolderInvalid("it was saved on a big-endian machine; save it on another")
        with parts.open("data.pkl", _MAX_PICKLE_BYTES) as pickled:
            content = interpret(_Bounded(pickled), _NAMES, _stored)
        return _Arrays(lambda storage: parts.read(f"data/{storage.key}", storage.n_bytes)).of(
            content
        )


def _of_stream(file: BinaryIO) -> Any:
    if interpret(_Bounded(file), {}) != _MAGIC or interpret(_Bounded(file), {}) != _PROTOCOL:
        raise ModelFolderInvalid("it is neither of the layouts that torch writes")
    machine = interpret(_Bounded(file), {})
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ModelFolderInvalid("it was saved on a big-endian machine; save it on another")
    declared: dict[str, Storage] = {}

    def stored(arguments: Any) -> Storage:
        storage = _stored(arguments)
        if declared.setdefault(storage.key, storage) != storage:
            raise ModelFolderInvalid("it describes one storage in two ways")
        return storage

    content = interpret(_Bounded(file), _NAMES, stored)
    keys = interpret(_Bounded(file), {})
    if not isinstance(keys, list) or set(keys) != set(declared) or len(keys) != len(declared):
        raise ModelFolderInvalid("its storages are not those that its pickle names")
    raw = {key: _raw(file, declared[key]) for key in keys}
    return _Arrays(lambda storage: raw[storage.key]).of(content)


def _raw(file: BinaryIO, storage: Storage) -> bytes:
    """Return the next storage of a stream; its length stands before it."""
    length = file.read(_LENGTH.size)
    left = os.fstat(file.fileno()).st_size - file.tell()
    if len(length) < _LENGTH.size or storage.n_bytes > left:
        raise ModelFolderInvalid("it is cut short: a storage is missing")
    if _LENGTH.unpack(length)[0] != storage.n_elements:
        raise ModelFolderInvalid("a storage is not as long as its pickle says")
    return file.read(storage.n_bytes)


class _Bounded:
    """A file of which a pickle gets only so much."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = _MAX_PICKLE_BYTES

    def read(self, size: int) -> bytes:
        if size > self._left:
            raise ModelFolderInvalid("its pickle is too long")
        data: bytes = self._file.read(size)
        self._left -= len(data)
        return data

    def readline(self) -> bytes:
        data: bytes = self._file.readline(min(self._left, _MAX_LINE_BYTES))
        self._left -= len(data)
        return data


class _Arrays:
    """Puts arrays in the place of tensors; a value that stands in many places is made once."""

    def __init__(self, raw: RawStorage) -> None:
        self._raw_of = raw
        self._raw: dict[str, bytes] = {}
        self._made: dict[int, Any] = {}
        self._sizes: dict[int, int] = {}
        self._n_bytes = 0

    def of(self, value: Any, depth: int = 0) -> Any:
        """Return the value with arrays for tensors."""
        if depth > _MAX_DEPTH:
            raise ModelFolderInvalid("its values are nested too deeply, or hold themselves")
        if isinstance(value, Name | Storage):
            return Unread()
        if not isinstance(value, dict | list | tuple | Tensor):
            return value
        if id(value) not in self._made:
            self._made[id(value)] = self._new(value, depth)
        return self._made[id(value)]

    def _new(self, value: Any, depth: int) -> Any:
        if isinstance(value, Tensor):
            return self._array(value)
        parts = list(value.values()) if isinstance(value, dict) else list(value)
        made = [self.of(part, depth + 1) for part in parts]
        # As it will be walked: a part that stands in many places counts in each.
        self._sizes[id(value)] = 1 + sum(self._sizes.get(id(part), 1) for part in parts)
        if self._sizes[id(value)] > _MAX_VALUES:
            raise ModelFolderInvalid("it holds too many values")
        if isinstance(value, dict):
            return dict(zip(value, made, strict=True))
        return made if isinstance(value, list) else tuple(made)

    def _array(self, tensor: Tensor) -> Array:
        storage = tensor.storage
        if storage.key not in self._raw:
            self._raw[storage.key] = self._raw_of(storage)
        raw = self._raw[storage.key]
        if len(raw) != storage.n_bytes:
            raise ModelFolderInvalid("a storage is not as long as its pickle says")
        self._n_bytes += tensor.n_bytes
        if self._n_bytes > _MAX_COPIES * sum(map(len, self._raw.values())):
            raise ModelFolderInvalid("its tensors share storages too often")
        return tensor.array(raw)


def _flat(values: dict[Any, Any], prefix: str) -> Iterator[tuple[str, Array]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif hasattr(value, "dtype"):
            yield f"{prefix}{key}", value


def _stored(description: Any) -> Storage:
    return storage_of(description, _STORAGE_NAMES)


def _dict(arguments: tuple[Any, ...]) -> dict[Any, Any]:
    pairs = arguments[0] if arguments else []
    made: dict[Any, Any] = {}
    for key, value in pairs:
        if not isinstance(key, str | int):
            raise ModelFolderInvalid("its pickle sets an item of what is not a plain dict")
        made[key] = value
    return made


def _parameter(arguments: tuple[Any, ...]) -> Tensor:
    if not isinstance(arguments[0], Tensor):
        raise ModelFolderInvalid("one of its parameters is not a tensor")
    return arguments[0]


def _nothing(_: tuple[Any, ...]) -> Unread:
    return Unread()


_STORAGE_NAMES = {
    f"{module}.{kind}": kind for module in ("torch", "torch.cuda") for kind in STORAGE_TYPES
}
_UNREAD = (
    *_STORAGE_NAMES,
    *(f"torch.{kind}" for kind in "bfloat16 bool float16 float32 float64 int32 int64".split()),
    *(f"{module}.multiarray._reconstruct" for module in ("numpy.core", "numpy._core")),
    *(f"{module}.multiarray.scalar" for module in ("numpy.core", "numpy._core")),
    *(f"megatron.{module}.enums.ModelType" for module in ("core", "model")),
    "_codecs.encode",
    "megatron.model.ModelType",
    "numpy.dtype",
    "numpy.ndarray",
    "torch.device",
)
# A name that is not here is refused; one that is here is never looked up.
_NAMES: Mapping[str, Result] = {
    **dict.fromkeys(_UNREAD, _nothing),
    "argparse.Namespace": lambda _: Namespace(),
    "collections.OrderedDict": _dict,
    "torch.Size": lambda arguments: tuple(arguments[0]),
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_tensor": tensor_of,
    "torch._utils._rebuild_tensor_v2": tensor_of,
}
