"""The zip that ``torch.save`` writes: parts stored as they are, below one folder."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, Self

from answerable.index import ModelFolderInvalid

_MAX_PARTS = 50_000
_MAX_DIRECTORY_BYTES = 16 << 20
_END = struct.Struct("<4s4H2LH")
_FAR_END = struct.Struct("<4sQ2H2L4Q")
_FAR_LOCATOR = struct.Struct("<4sLQL")
_ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, RuntimeError)


def is_zip(file: BinaryIO) -> bool:
    """Tell whether a file begins as a zip does; it is left at its beginning."""
    magic = file.read(4)
    file.seek(0)
    return magic == b"PK\x03\x04"


class ZippedParts:
    """The parts of a torch file by their names, without the folder that they are all in."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the directory.

        Raises:
            ModelFolderInvalid: it is damaged, names a part twice, or packs one: torch never
                does, and what is not packed cannot unfold into more than the file.
        """
        _check_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except (*_ZIP_ERRORS, ValueError, OSError, struct.error) as exc:
            raise ModelFolderInvalid("its zip is damaged or cut short") from exc
        entries = self._zip.infolist()
        self._parts = {entry.filename.partition("/")[2]: entry for entry in entries}
        if len(self._parts) < len(entries):
            raise ModelFolderInvalid("its zip names a part twice")
        size = file.seek(0, io.SEEK_END)
        for entry in entries:
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
                raise ModelFolderInvalid("its zip is packed; torch.save packs nothing")
        if sum(entry.file_size for entry in entries) > size:
            raise ModelFolderInvalid("its zip says to hold more than the file has")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @contextmanager
    def open(self, name: str, most_bytes: int) -> Iterator[IO[bytes]]:
        """Open a part.

        Raises:
            ModelFolderInvalid: it is missing, damaged or larger.
        """
        if name not in self._parts:
            raise ModelFolderInvalid(f"its zip lacks {name[:40]!r}")
        if self._parts[name].file_size > most_bytes:
            raise ModelFolderInvalid(f"{name} in its zip is larger than {most_bytes} bytes")
        try:
            with self._zip.open(self._parts[name]) as part:
                yield part
        except _ZIP_ERRORS as exc:
            raise ModelFolderInvalid(f"{name} in its zip is damaged") from exc

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a part's bytes; see ``open``."""
        with self.open(name, most_bytes) as part:
            return part.read()

    def text(self, name: str, default: str) -> str:
        """Return a short part as text, or the default where there is none."""
        if name not in self._parts:
            return default
        return self.read(name, 1000).decode("ascii", "replace")


def _check_directory(file: BinaryIO) -> None:
    """Find out how long the directory is before the library reads it into memory."""
    size = file.seek(0, io.SEEK_END)
    begin = max(0, size - _END.size - 0xFFFF)
    file.seek(begin)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise ModelFolderInvalid("its zip is cut short: the directory is missing")
    _, _, _, _, n_parts, n_bytes, _, _ = _END.unpack_from(tail, at)
    n_parts, n_bytes = _far_end(file, begin + at) or (n_parts, n_bytes)
    file.seek(0)
    if n_parts > _MAX_PARTS or n_bytes > _MAX_DIRECTORY_BYTES:
        raise ModelFolderInvalid("its zip has too many parts")


def _far_end(file: BinaryIO, end: int) -> tuple[int, int] | None:
    """Return parts and bytes of the directory by the end record with 64-bit sizes, if any."""
    if end < _FAR_LOCATOR.size + _FAR_END.size:
        return None
    file.seek(end - _FAR_LOCATOR.size - _FAR_END.size)  # where the library looks
    numbers = _FAR_END.unpack(file.read(_FAR_END.size))
    locator = _FAR_LOCATOR.unpack(file.read(_FAR_LOCATOR.size))
    if numbers[0] != b"PK\x06\x06" or locator[0] != b"PK\x06\x07":
        return None
    return numbers[7], numbers[8]
