"""Which passages a vector search may return, in the form in which FAISS asks."""

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

PassageIds = npt.NDArray[np.int64]

# Up to this id a bitmap is used: one bit for each, made from one byte for each.
MAX_BITMAP_ID = 64_000_000


@dataclass(frozen=True, slots=True)
class Selection:
    """The passages to choose from.

    Attributes:
        permitted: their ids, ascending; None for all.
        deleted: ids that must not be found any more, ascending.
        selector: both, for FAISS; None when nothing is left out.
    """

    permitted: PassageIds | None
    deleted: PassageIds
    selector: faiss.IDSelector | None


def select(permitted: PassageIds | None, deleted: PassageIds) -> Selection:
    """Return the selection of ``permitted`` (None for all) without ``deleted``."""
    if permitted is not None:
        return Selection(permitted, deleted, _among(permitted, deleted))
    selector = faiss.IDSelectorNot(_among(deleted, deleted[:0])) if deleted.size else None
    return Selection(None, deleted, selector)


def _among(ids: PassageIds, without: PassageIds) -> faiss.IDSelector:
    if not ids.size or ids[0] < 0 or ids[-1] > MAX_BITMAP_ID:
        return faiss.IDSelectorBatch(ids[~np.isin(ids, without)])
    chosen = np.zeros(int(ids[-1]) + 1, dtype=np.bool_)
    chosen[ids] = True
    chosen[without[without < len(chosen)]] = False
    # FAISS's own stubs know the pointer and length of C++, not the array of its Python wrapper.
    return faiss.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))  # type: ignore[call-arg, arg-type]
