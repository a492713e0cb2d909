"""Upload forms, read as they arrive: fields into memory, files into a private folder.

The names that a form gives its files are data. A file is stored under a random name of ours; only
its extension is taken over, and only if it is one of a format that is read.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from answerable.index import is_supported

from ..errors import UploadInvalid, UploadTooLarge
from .upload_names import checked_file_name

_MAX_FIELD_BYTES = 64 * 1024
_MAX_FIELDS = 64
_FILE_FIELD = "file"


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file of a form, on the disk.

    Attributes:
        name: as its sender calls it, without folders; never used as a path.
        path: where it is, under a name of ours with the same extension.
    """

    name: str
    path: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Form:
    """What a form holds; a field may be given several times."""

    files: tuple[FormFile, ...]
    fields: dict[str, list[str]]


async def read_form(
    content_type: str, pieces: AsyncIterator[bytes], folder: Path, max_files: int
) -> Form:
    """Read a multipart form; its files are in ``folder`` when this returns.

    Whoever calls deletes the folder, whether or not this succeeds.

    Args:
        content_type: header of the request, with the boundary.
        pieces: of the body, whose size is limited elsewhere.
        folder: private to this form.
        max_files: more are refused.

    Raises:
        UploadInvalid: it is no form, or a name or a field cannot be used.
        UploadTooLarge: it has too many files.
    """
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if media_type != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise UploadInvalid("send files as multipart/form-data, with a boundary")
    reading = _Reading(folder, max_files)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": reading.begin,
                "on_header_field": reading.header_name,
                "on_header_value": reading.header_value,
                "on_header_end": reading.header_end,
                "on_headers_finished": reading.headers_end,
                "on_part_data": reading.data,
                "on_part_end": reading.end,
                "on_end": reading.finish,
            },
        )
        async for piece in pieces:
            parser.write(piece)
        parser.finalize()
    except (FormParserError, ValueError) as exc:
        raise UploadInvalid(f"the form cannot be read: {exc}") from exc
    finally:
        reading.close()
    if not reading.is_finished:
        raise UploadInvalid("the form cannot be read: it ends early")
    return Form(tuple(reading.files), reading.fields)


@dataclass(slots=True)
class _Part:
    """The part that is being read; ``file`` is None for a field."""

    name: str
    file_name: str | None = None
    path: Path | None = None
    file: BinaryIO | None = None
    value: bytearray = field(default_factory=bytearray)
    n_bytes: int = 0


class _Reading:
    """Collects what the parser finds."""

    def __init__(self, folder: Path, max_files: int) -> None:
        self._folder = folder
        self._max_files = max_files
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._part: _Part | None = None
        self._digest = hashlib.sha256()
        self.files: list[FormFile] = []
        self.fields: dict[str, list[str]] = {}
        self.is_finished = False

    def begin(self) -> None:
        self._disposition = b""

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def header_end(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = _text(options.get(b"name", b""))
        given = options.get(b"filename")
        if given is None:
            if sum(map(len, self.fields.values())) >= _MAX_FIELDS:
                raise UploadInvalid(f"the form has more than {_MAX_FIELDS} fields")
            self._part = _Part(name)
            return
        if name != _FILE_FIELD:
            raise UploadInvalid(f'the form sends a file as {name[:40]!r}: call the field "file"')
        if len(self.files) >= self._max_files:
            raise UploadTooLarge(f"an upload holds at most {self._max_files} files: send several")
        file_name = checked_file_name(_text(given))
        path = self._folder / f"{secrets.token_hex(16)}{_extension(file_name)}"
        self._digest = hashlib.sha256()
        self._part = _Part(name, file_name, path, path.open("xb"))

    def data(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        assert part is not None
        part.n_bytes += end - start
        if part.file is not None:
            part.file.write(data[start:end])
            self._digest.update(data[start:end])
            return
        if part.n_bytes > _MAX_FIELD_BYTES:
            raise UploadInvalid(f"the field {part.name[:40]!r} is larger than 64 KiB")
        part.value.extend(data[start:end])

    def end(self) -> None:
        part, self._part = self._part, None
        assert part is not None
        if part.file is None or part.file_name is None or part.path is None:
            self.fields.setdefault(part.name, []).append(_text(bytes(part.value)))
            return
        part.file.close()
        self.files.append(
            FormFile(part.file_name, part.path, self._digest.hexdigest(), part.n_bytes)
        )

    def finish(self) -> None:
        self.is_finished = True

    def close(self) -> None:
        if self._part is not None and self._part.file is not None:
            self._part.file.close()


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise UploadInvalid("the form's names and fields must be UTF-8") from exc


def _extension(name: str) -> str:
    """Return the extension if files of it are read; the name's own text goes nowhere else.

    Raises:
        UploadInvalid: such files are not read.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if not is_supported(Path(f"file{suffix}")):
        raise UploadInvalid(
            f"{name!r}: files of the kind {suffix or 'without extension'} are not read"
        )
    return suffix
