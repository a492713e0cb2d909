"""Segments as files: mapped into memory, so that a search reads only the lists of its terms.

A file is a copy of what SQLite holds. Its header is believed when it has the checksum that the
database knows, the small arrays when they have those of the header, and the list of a term when
it has its own, compared at its first use: nothing else of the file is read.
"""

import hashlib
import json
import mmap
import threading
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..bm25 import HEADING_WEIGHT, K1, MAX_IMPACT, PIVOT_WORDS, TITLE_WEIGHT, B
from ..words import ANALYSIS_VERSION
from .durable import write_whole
from .segments import Segment

MAGIC = b"answerable words\n"
SUFFIX = ".words"
_PAGE = 64
# A term's list has a checksum of its own; the other arrays have one each.
_LISTS = ("ordinals", "impacts")
_TYPES = {
    "passage_ids": "<i8",
    "document_ids": "<i8",
    "terms": "<u8",
    "starts": "<i8",
    "checks": "<u4",
    "ordinals": "<u4",
    "impacts": "u1",
}


class SegmentFileInvalid(Exception):
    """A segment file is not what was registered; the reason is the message."""


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A segment on disk as the database knows it: its name and the SHA-256 of its header."""

    file: str
    header_sha256: str


def scoring() -> dict[str, float]:
    """Return what the numbers in a file depend on; files made otherwise are made anew."""
    return {
        "analysis": ANALYSIS_VERSION,
        "k1": K1,
        "b": B,
        "pivot": PIVOT_WORDS,
        "title": TITLE_WEIGHT,
        "heading": HEADING_WEIGHT,
        "impact": MAX_IMPACT,
    }


class StoredSegment:
    """A mapped segment that checks each list before its first use; safe from any thread."""

    def __init__(self, segment: Segment, checks: npt.NDArray[np.uint32]) -> None:
        """Trust the small arrays, which were compared; ``checks`` are those of the lists."""
        self.segment = segment
        self._checks = checks
        self._checked: set[int] = set()
        self._lock = threading.Lock()

    def check(self, term: int) -> None:
        """Compare the list at place ``term``.

        Raises:
            SegmentFileInvalid: it is not what was written.
        """
        if term in self._checked:
            return
        if _check(self.segment, term) != self._checks[term]:
            raise SegmentFileInvalid("the list of a word has a wrong checksum")
        with self._lock:
            self._checked.add(term)


def write_segment(folder: Path, segment: Segment) -> SegmentFile:
    """Write a segment to a new file; it is on the disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    checks = np.fromiter(
        (_check(segment, term) for term in range(len(segment.terms))), "<u4", len(segment.terms)
    )
    values = {"checks": checks} | {f.name: getattr(segment, f.name) for f in fields(Segment)}
    arrays = {name: np.ascontiguousarray(values[name], dtype) for name, dtype in _TYPES.items()}
    header = json.dumps(
        {
            "scoring": scoring(),
            "arrays": {
                name: {"n": len(array), "check": None if name in _LISTS else zlib.crc32(array.data)}
                for name, array in arrays.items()
            },
        }
    ).encode()
    sha256 = hashlib.sha256(header).hexdigest()
    name = f"w-{segment.passage_ids[0]}-{segment.passage_ids[-1]}-{sha256[:12]}{SUFFIX}"
    parts: list[bytes | memoryview] = [MAGIC, len(header).to_bytes(4, "little"), header]
    size = sum(map(len, parts))
    for array in arrays.values():
        padding = -size % _PAGE
        parts += [bytes(padding), array.data.cast("B")] if len(array) else [bytes(padding)]
        size += padding + array.nbytes
    write_whole(folder / name, *parts)
    return SegmentFile(name, sha256)


def read_segment(folder: Path, known: SegmentFile) -> StoredSegment:
    """Map a segment file into memory.

    Raises:
        SegmentFileInvalid: it is missing, or is not the file that was registered.
    """
    try:
        with (folder / known.file).open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as exc:  # mmap: an empty file is a ValueError
        raise SegmentFileInvalid(getattr(exc, "strerror", None) or "it is empty") from exc
    if data[: len(MAGIC)] != MAGIC:
        raise SegmentFileInvalid("it is no word file")
    size = len(MAGIC) + 4
    length = int.from_bytes(data[len(MAGIC) : size], "little")
    header = data[size : size + length]
    if hashlib.sha256(header).hexdigest() != known.header_sha256:
        raise SegmentFileInvalid("its header has a wrong checksum")
    described = json.loads(header)
    if described["scoring"] != scoring():
        raise SegmentFileInvalid("it was made by another version")
    arrays = _arrays(data, size + length, described["arrays"])
    checks = arrays.pop("checks")
    return StoredSegment(Segment(**arrays), checks)


def _arrays(data: mmap.mmap, start: int, described: dict[str, Any]) -> dict[str, Any]:
    arrays = {}
    for name, dtype in _TYPES.items():
        start += -start % _PAGE
        n, check = described[name]["n"], described[name]["check"]
        end = start + n * np.dtype(dtype).itemsize
        if end > len(data):
            raise SegmentFileInvalid("it is cut off")
        arrays[name] = np.frombuffer(data, dtype, n, start) if n else np.empty(0, dtype)
        if check is not None and zlib.crc32(arrays[name].data) != check:
            raise SegmentFileInvalid(f"its {name} have a wrong checksum")
        start = end
    return arrays


def _check(segment: Segment, term: int) -> int:
    part = slice(segment.starts[term], segment.starts[term + 1])
    return zlib.crc32(
        np.ascontiguousarray(segment.impacts[part]).data,
        zlib.crc32(np.ascontiguousarray(segment.ordinals[part]).data),
    )
