"""Tar archives, plain or gzip, that are not trusted: regular files in one folder, and no more.

Python's own module also knows links, devices, sparse files and headers of any length, and
several of its releases could be stopped by them. A model's archive has none of these, so what
is read here is small: ustar headers, and the two kinds of header that hold a long name.

Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar's manual for the type ``L``.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from answerable.index import ModelFolderInvalid

_BLOCK = 512
_CHUNK = 1 << 20
_MAX_MEMBERS = 200
_MAX_HEADER_BYTES = 16 << 10  # of a long name, or of extended attributes
_MAX_BYTES = 64 << 30
_MAX_RATIO = 40  # weights hardly shrink; what unfolds to more is made to fill a disk
_SMALL = 64 << 20  # any archive may unfold to this much
_NAME = re.compile(r"[\w][\w.@+ -]{0,199}", re.ASCII)
_FILE, _FOLDER, _LONG_NAME, _EXTENDED, _GLOBAL = b"0\0", b"5", b"L", b"x", b"g"


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size: int
    kind: bytes


def unpack_tar(archive: Path, folder: Path) -> list[str]:
    """Write an archive's files into a folder, which must be there; return their names.

    Raises:
        ModelFolderInvalid: it is damaged, or holds anything but regular files with plain names
            of their own; some files may have been written.
    """
    try:
        with archive.open("rb") as file:
            is_gzip = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            size = archive.stat().st_size
            if not is_gzip:
                return _unpack(_Bounded(file, size), folder)
            most = min(_MAX_BYTES, max(_SMALL, size * _MAX_RATIO))
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _unpack(_Bounded(unpacked, most), folder)
    except (ModelFolderInvalid, OSError, EOFError, zlib.error) as exc:
        raise ModelFolderInvalid(f"cannot unpack {archive}: {exc}") from exc


def is_tar(path: Path) -> bool:
    """Tell by its first bytes whether a file is a gzip file or a tar archive."""
    with path.open("rb") as file:
        block = file.read(_BLOCK)
    return block[:2] == b"\x1f\x8b" or block[257:262] == b"ustar"


class _Bounded:
    """A stream of which only so much is read, and never more than asked for at once."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile, most_bytes: int) -> None:
        self._file = file
        self._left = most_bytes

    def block(self, size: int) -> bytes:
        """Return exactly so many bytes."""
        self._left -= size
        if self._left < 0:
            raise ModelFolderInvalid("it unfolds to far more than a model of its size")
        parts = []
        while size:
            part = self._file.read(size)
            if not part:
                raise ModelFolderInvalid("it is cut short")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def to_the_end(self) -> None:
        """Read what is left, so that gzip compares its checksum."""
        while part := self._file.read(_CHUNK):
            self._left -= len(part)
            if self._left < 0:
                raise ModelFolderInvalid("it unfolds to far more than a model of its size")

    def chunks(self, size: int) -> Iterator[bytes]:
        """Yield a member's bytes and pass over what fills its last block."""
        fill = -size % _BLOCK
        while size:
            chunk = self.block(min(size, _CHUNK))
            size -= len(chunk)
            yield chunk
        self.block(fill)


def _unpack(file: _Bounded, folder: Path) -> list[str]:
    names: list[str] = []
    for count, member in enumerate(_members(file)):
        if count >= _MAX_MEMBERS:
            raise ModelFolderInvalid(f"it holds more than {_MAX_MEMBERS} files")
        if member.kind == _FOLDER:
            if _flat(member.name) or member.size:
                raise ModelFolderInvalid(f"it holds a folder, {member.name[:60]!r}")
            continue
        name = _checked(member)
        if name.casefold() in {other.casefold() for other in names}:
            raise ModelFolderInvalid(f"it holds {name!r} twice")
        names.append(name)
        with (folder / name).open("xb") as written:
            for chunk in file.chunks(member.size):
                written.write(chunk)
    file.to_the_end()
    return names


def _members(file: _Bounded) -> Iterator[_Member]:
    """Yield each member's header; the caller reads its bytes before the next."""
    long_name: str | None = None
    long_size: int | None = None
    while any(block := file.block(_BLOCK)):
        member = _header(block)
        if member.kind in (_LONG_NAME, _EXTENDED, _GLOBAL):
            if member.size > _MAX_HEADER_BYTES:
                raise ModelFolderInvalid("one of its headers is too long")
            content = b"".join(file.chunks(member.size))
            if member.kind == _LONG_NAME:
                long_name = _text(content.rstrip(b"\0"))
            elif member.kind == _EXTENDED:
                records = _records(content)
                long_name, long_size = records.get("path"), _number(records.get("size"))
            continue
        yield _Member(
            long_name if long_name is not None else member.name,
            member.size if long_size is None else long_size,
            member.kind,
        )
        long_name = long_size = None


def _header(block: bytes) -> _Member:
    stated = block[148:156].rstrip(b" \0")
    actual = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    if not re.fullmatch(rb"[0-7]{1,7}", stated.strip()) or int(stated, 8) != actual:
        raise ModelFolderInvalid("it is not a tar archive, or is damaged: a checksum is wrong")
    name, prefix = block[:100].split(b"\0")[0], block[345:500].split(b"\0")[0]
    if prefix and block[257:263] == b"ustar\0":  # GNU tar keeps other things there
        name = prefix + b"/" + name
    kind = block[156:157]
    return _Member(_text(name), _size(block[124:136]), _FILE if kind in (b"0", b"\0") else kind)


def _size(field: bytes) -> int:
    if field[0] == 0x80:  # a number of 8 GB and more
        size = int.from_bytes(field[1:], "big")
    elif re.fullmatch(rb" *[0-7]+[ \0]*", field):
        size = int(field.rstrip(b" \0"), 8)
    else:
        raise ModelFolderInvalid("it is damaged: a size is not a number")
    if size > _MAX_BYTES:
        raise ModelFolderInvalid("it says to hold a file larger than any model")
    return size


def _records(content: bytes) -> dict[str, str]:
    """Return the extended attributes: records of a length, a space, a key, "=", a value."""
    records = {}
    while content:
        length, _, _ = content.partition(b" ")
        if not re.fullmatch(rb"[1-9][0-9]{0,5}", length) or int(length) > len(content):
            raise ModelFolderInvalid("it is damaged: an extended header makes no sense")
        record, content = content[len(length) + 1 : int(length)], content[int(length) :]
        key, separator, value = record.partition(b"=")
        if not separator or not value.endswith(b"\n"):
            raise ModelFolderInvalid("it is damaged: an extended header makes no sense")
        records[_text(key)] = _text(value[:-1])
    if any(key.startswith("GNU.sparse") for key in records):
        raise ModelFolderInvalid("it holds a sparse file")
    return records


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,11}", text):
        raise ModelFolderInvalid("it is damaged: a size is not a number")
    return int(text)


def _checked(member: _Member) -> str:
    if member.kind != _FILE:
        raise ModelFolderInvalid(
            f"{member.name[:60]!r} in it is a link, a device or the like, not a file"
        )
    name = _flat(member.name)
    if not _NAME.fullmatch(name):
        raise ModelFolderInvalid(f"it holds a file named {member.name[:60]!r}, which may not be")
    return name


def _flat(name: str) -> str:
    """Return a name without the ``./`` that it may begin with, and without a folder's slash."""
    return "" if name in (".", "./") else name.removeprefix("./")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
