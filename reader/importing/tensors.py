"""Arrays from the storages of a torch file: types, shapes and strides, checked before use."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid

Array = npt.NDArray[Any]

_BFLOAT16 = "bfloat16"  # numpy has none: the upper half of a float32
STORAGE_TYPES = {
    "BFloat16Storage": _BFLOAT16,
    "BoolStorage": "u1",
    "ByteStorage": "u1",
    "CharStorage": "i1",
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "IntStorage": "<i4",
    "LongStorage": "<i8",
    "ShortStorage": "<i2",
}
"""The storages that a torch file may name, and the types of their elements."""
_MAX_DIMENSIONS = 8
_MAX_ELEMENTS = 1 << 40


@dataclass(frozen=True, slots=True)
class Storage:
    """A flat run of elements that is kept beside the pickle, under a key."""

    key: str
    kind: str
    n_elements: int

    @property
    def type(self) -> str:
        """Numpy's name of the elements' type, bfloat16 excepted."""
        return STORAGE_TYPES[self.kind]

    @property
    def n_bytes(self) -> int:
        """How many bytes the storage has."""
        return self.n_elements * _item_size(self.type)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A view of a storage; offset and strides are in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def n_bytes(self) -> int:
        """How many bytes the view has when it is copied out."""
        return _product(self.shape) * _item_size(self.storage.type)

    def array(self, raw: bytes) -> Array:
        """Return the elements, (shape); bfloat16 comes as float32."""
        kind = self.storage.type
        plain = "<u2" if kind == _BFLOAT16 else kind
        size = _item_size(kind)
        view: Array = np.ndarray(
            self.shape,
            plain,
            raw,
            self.offset * size,
            tuple(stride * size for stride in self.strides),
        )
        if kind == _BFLOAT16:
            return (view.astype(np.uint32) << np.uint32(16)).view(np.float32)
        return view != 0 if self.storage.kind == "BoolStorage" else view


def storage_of(description: Any, names: dict[str, str]) -> Storage:
    """Return the storage that a pickle describes as torch does.

    Args:
        description: ``("storage", type, key, device, elements)``, and None in older files.
        names: kinds of storages by what a pickle calls them.

    Raises:
        ModelFolderInvalid: it is anything else.
    """
    match description:
        case ("storage", kind, str(key), str(), int(n_elements), *rest) if not any(rest):
            name = names.get(getattr(kind, "path", ""))
            if name and len(rest) <= 1 and 0 <= n_elements <= _MAX_ELEMENTS:
                return Storage(key, name, n_elements)
    raise ModelFolderInvalid("its pickle refers to data that is not a torch storage")


def tensor_of(arguments: tuple[Any, ...]) -> Tensor:
    """Return the tensor of torch's ``_rebuild_tensor`` or ``_rebuild_tensor_v2``.

    Raises:
        ModelFolderInvalid: it would reach out of its storage, or have more elements.
    """
    match arguments:
        case (Storage() as storage, int(offset), tuple(shape), tuple(strides), *_):
            tensor = Tensor(storage, offset, shape, strides)
            _check(tensor)
            return tensor
    raise ModelFolderInvalid("one of its tensors is not laid out as torch does it")


def _check(tensor: Tensor) -> None:
    sizes, strides = tensor.shape, tensor.strides
    numbers = (tensor.offset, *sizes, *strides)
    if (
        len(sizes) != len(strides)
        or len(sizes) > _MAX_DIMENSIONS
        or not all(type(n) is int and 0 <= n <= _MAX_ELEMENTS for n in numbers)
    ):
        raise ModelFolderInvalid("one of its tensors has an impossible shape")
    last = tensor.offset + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
    n_elements = tensor.storage.n_elements
    is_empty = 0 in sizes
    if _product(sizes) > n_elements or (last >= n_elements and not is_empty):
        raise ModelFolderInvalid("one of its tensors reaches out of its storage")
    if is_empty and tensor.offset > n_elements:
        raise ModelFolderInvalid("one of its tensors reaches out of its storage")


def _product(sizes: tuple[int, ...]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _item_size(kind: str) -> int:
    return 2 if kind == _BFLOAT16 else np.dtype(kind).itemsize
