"""The file of inverted lists: read by parts, each believed only when its checksum is right.

    magic, header length, header (JSON), centroids, table, codes, ids

The database has the SHA-256 of everything up to the end of the header; the header has those of
the centroids and of the table; the table has each list's. So opening reads as much as there are
centroids, and a list is read, checked and kept when a search first needs it. Nothing is mapped
into memory: bytes that were checked cannot change afterwards, and a file that is cut off while it
is open is an error, not a signal. Numbers are little-endian.
"""

import hashlib
import json
import os
import weakref
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
import numpy.typing as npt

from ..types import Vectors
from .durable import write_whole
from .inverted import CODE_BITS, Codes, InvertedLists, Tuning
from .selection import PassageIds

SUFFIX = ".lists"
_MAGIC = b"ANSLIST1"
_MAX_HEADER_BYTES = 65_536
_TABLE = np.dtype([("n", "<i8"), ("sha256", np.uint8, (32,))])


class VectorFileInvalid(Exception):
    """A vector file is not what was registered; the reason is the message."""


@dataclass(frozen=True, slots=True)
class _Header:
    """What the file says of itself.

    Attributes:
        faiss: version that made the codes: another might read them otherwise.
    """

    faiss: str
    code_bits: int
    dimension: int
    code_bytes: int
    n: int
    n_lists: int
    centroids_sha256: str
    table_sha256: str


def write_lists(folder: Path, seq: int, lists: InvertedLists) -> tuple[str, str]:
    """Write a file for change number ``seq``; return its name and the SHA-256 to register."""
    ends = np.cumsum(lists.sizes)
    table = np.zeros(len(lists.sizes), dtype=_TABLE)
    table["n"] = lists.sizes
    for number, (first, end) in enumerate(zip(ends - lists.sizes, ends, strict=True)):
        digest = _digest(lists.codes[first:end], lists.ids[first:end])
        table["sha256"][number] = np.frombuffer(digest, dtype=np.uint8)
    centroids = lists.centroids.astype("<f4")
    header = _Header(
        faiss=faiss.__version__,
        code_bits=CODE_BITS,
        dimension=centroids.shape[1],
        code_bytes=lists.codes.shape[1],
        n=len(lists.ids),
        n_lists=len(centroids),
        centroids_sha256=hashlib.sha256(centroids.tobytes()).hexdigest(),
        table_sha256=hashlib.sha256(table.tobytes()).hexdigest(),
    )
    text = json.dumps(asdict(header) | {"tuning": asdict(lists.tuning)}).encode()
    head = _MAGIC + len(text).to_bytes(4, "little") + text
    sha256 = hashlib.sha256(head).hexdigest()
    name = f"g-{seq}-{sha256[:12]}{SUFFIX}"
    ids = lists.ids.astype("<i8")
    parts = (np.ascontiguousarray(part).tobytes() for part in (centroids, table, lists.codes, ids))
    write_whole(folder / name, head, *parts)
    return name, sha256


class InvertedFile:
    """An open file of inverted lists; any thread may read from it.

    Attributes:
        centroids: (n_lists, dimension) float32.
        sizes: (n_lists,) int64.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        """Open a file whose header has this checksum, and read its centroids and its table.

        Raises:
            VectorFileInvalid: it is missing, or is not the file that was registered.
        """
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as exc:
            raise VectorFileInvalid(exc.strerror or "cannot be read") from exc
        # Deleted files stay readable until the last search is done with them.
        weakref.finalize(self, os.close, self._descriptor)
        header, self.tuning, start = self._read_header(sha256)
        self.dimension, self.n, self._code_bytes = header.dimension, header.n, header.code_bytes
        centroids = self._read(start, 4 * header.n_lists * header.dimension)
        start += len(centroids)
        table = self._read(start, header.n_lists * _TABLE.itemsize)
        self._codes_start = start + len(table)
        if (_hex(centroids), _hex(table)) != (header.centroids_sha256, header.table_sha256):
            raise VectorFileInvalid("its checksum is wrong")
        self.centroids: Vectors = (
            np.frombuffer(centroids, "<f4").reshape(header.n_lists, -1).astype(np.float32)
        )
        rows = np.frombuffer(table, _TABLE)
        self.sizes: npt.NDArray[np.int64] = rows["n"].astype(np.int64)
        self._digests = rows["sha256"]
        self._ends = np.cumsum(self.sizes)
        self._ids_start = self._codes_start + self.n * self._code_bytes
        if os.fstat(self._descriptor).st_size != self._ids_start + 8 * self.n:
            raise VectorFileInvalid("it is cut off")

    def read_list(self, number: int) -> tuple[PassageIds, Codes]:
        """Return the passage ids and the codes of one list.

        Raises:
            VectorFileInvalid: they are not those that were written.
        """
        end, n = int(self._ends[number]), int(self.sizes[number])
        codes, ids = self._rows(end - n, n)
        if _digest(codes, ids) != self._digests[number].tobytes():
            raise VectorFileInvalid("the checksum of a list is wrong")
        return ids, codes

    def read_all(self) -> InvertedLists:
        """Return all lists, each checked.

        Raises:
            VectorFileInvalid: they are not those that were written.
        """
        codes, ids = self._rows(0, self.n)
        for number, (end, n) in enumerate(zip(self._ends, self.sizes, strict=True)):
            if _digest(codes[end - n : end], ids[end - n : end]) != self._digests[number].tobytes():
                raise VectorFileInvalid("the checksum of a list is wrong")
        return InvertedLists(self.centroids, self.sizes, ids, codes, self.tuning)

    def ids(self) -> PassageIds:
        """Return all passage ids, in the order of the lists, unchecked."""
        return np.frombuffer(self._read(self._ids_start, 8 * self.n), "<i8").astype(np.int64)

    def _read_header(self, sha256: str) -> tuple[_Header, Tuning, int]:
        start = len(_MAGIC) + 4
        opening = self._read(0, start)
        length = int.from_bytes(opening[len(_MAGIC) :], "little")
        if not opening.startswith(_MAGIC) or length > _MAX_HEADER_BYTES:
            raise VectorFileInvalid("it is another kind of file")
        text = self._read(start, length)
        if _hex(opening + text) != sha256:
            raise VectorFileInvalid("its checksum is wrong")
        values: dict[str, Any] = json.loads(text)
        tuning = Tuning(**values.pop("tuning"))
        header = _Header(**values)
        if (header.faiss, header.code_bits) != (faiss.__version__, CODE_BITS):
            raise VectorFileInvalid(f"its codes were made by FAISS {header.faiss}")
        return header, tuning, start + length

    def _rows(self, first: int, n: int) -> tuple[Codes, PassageIds]:
        codes = self._read(self._codes_start + first * self._code_bytes, n * self._code_bytes)
        ids = self._read(self._ids_start + 8 * first, 8 * n)
        return (
            np.frombuffer(codes, np.uint8).reshape(n, self._code_bytes),
            np.frombuffer(ids, "<i8").astype(np.int64),
        )

    def _read(self, start: int, length: int) -> bytes:
        parts, left = [], length
        try:
            while left and (part := os.pread(self._descriptor, left, start + length - left)):
                parts.append(part)
                left -= len(part)
        except OSError as exc:
            raise VectorFileInvalid(exc.strerror or "cannot be read") from exc
        if left:
            raise VectorFileInvalid("it is cut off")
        return b"".join(parts)

    @classmethod
    def checked(cls, path: Path, sha256: str, dimension: int, n: int) -> Self:
        """Open a file that holds ``n`` vectors of this dimension.

        Raises:
            VectorFileInvalid: it does not, or is not the file that was registered.
        """
        file = cls(path, sha256)
        if (file.dimension, file.n) != (dimension, n):
            raise VectorFileInvalid("it holds other vectors")
        return file


def _digest(codes: Codes, ids: PassageIds) -> bytes:
    digest = hashlib.sha256(np.ascontiguousarray(codes).data)
    digest.update(ids.astype("<i8").data)
    return digest.digest()


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
