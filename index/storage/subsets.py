"""Some of a segment's passages, in the form that is quickest for how many they are."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .segments import Mask

Ordinals = npt.NDArray[np.uint32]
# A subset of fewer than one in so many is looked up in a list instead of the list in its mask.
SPARSE = 32


class Subset:
    """Passages of one segment by ordinal; immutable.

    Attributes:
        size: passages of the segment.
        mask: (size,) bool; None for all of them.
        n: how many are in it.
    """

    def __init__(self, size: int, mask: Mask | None) -> None:
        """Take what is in it; a mask of all is the same as None."""
        self.size = size
        self.n = size if mask is None else int(np.count_nonzero(mask))
        self.mask = None if self.n == size else mask

    @cached_property
    def members(self) -> Ordinals:
        """Ordinals of what is in it, ascending."""
        mask = np.ones(self.size, np.bool_) if self.mask is None else self.mask
        return np.flatnonzero(mask).astype(np.uint32)

    @cached_property
    def others(self) -> Ordinals:
        """Ordinals of what is not, ascending."""
        mask = np.ones(self.size, np.bool_) if self.mask is None else self.mask
        return np.flatnonzero(~mask).astype(np.uint32)

    @property
    def is_sparse(self) -> bool:
        """Say whether it is so small that its members are looked up one by one."""
        return self.n * SPARSE < self.size

    def count(self, ordinals: Ordinals) -> int:
        """Count how many of a term's passages, ascending, are in it."""
        if self.mask is None:
            return len(ordinals)
        if self.n * SPARSE < len(ordinals):
            return len(found(ordinals, self.members)[0])
        if (self.size - self.n) * SPARSE < len(ordinals):
            return len(ordinals) - len(found(ordinals, self.others)[0])
        return int(np.count_nonzero(self.mask[ordinals]))

    @property
    def n_bytes(self) -> int:
        """Return what it holds in memory at most."""
        return 0 if self.mask is None else self.size + 4 * min(self.n, self.size - self.n)


def found(
    numbers: npt.NDArray[np.integer[Any]], wanted: npt.NDArray[np.integer[Any]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where in ``wanted`` and where in ``numbers`` those stand that both hold.

    Args:
        numbers: ascending, the longer one.
        wanted: ascending.
    """
    places = np.searchsorted(numbers, wanted)
    inside = np.minimum(places, max(0, len(numbers) - 1))
    hits = np.flatnonzero(numbers[inside] == wanted) if len(numbers) else np.empty(0, np.int64)
    return hits, inside[hits]
