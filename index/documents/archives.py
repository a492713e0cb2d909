"""The rules a zipped document keeps before anything else may open it."""

import io
import zipfile
import zlib

from ..errors import ExtractionFailed
from .limits import ExtractionLimits, size_name

_CHUNK_BYTES = 1 << 20
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


def check_archive(data: bytes, limits: ExtractionLimits, name: str) -> None:
    """Inflate a zipped document once, counting, and keep nothing.

    The sizes that a zip declares are not believed.

    Raises:
        ExtractionFailed: not a zip, encrypted, or over a limit.
    """
    if data.startswith(_OLE_MAGIC):
        # An encrypted Office document is not a zip but this older container around one.
        locked = _ENCRYPTED_PACKAGE in data
        raise ExtractionFailed("password protected" if locked else f"not a readable {name} file")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive, len(data), limits)
    except _BROKEN as exc:
        raise ExtractionFailed(f"not a readable {name} file") from exc


def _check_entries(archive: zipfile.ZipFile, packed_bytes: int, limits: ExtractionLimits) -> None:
    """Count entries and inflated bytes against the limits."""
    entries = archive.infolist()
    if len(entries) > limits.max_entries:
        raise ExtractionFailed(f"holds more than {limits.max_entries} packed parts")
    if any(entry.flag_bits & 1 for entry in entries):
        raise ExtractionFailed("password protected")
    inflated = 0
    for entry in entries:
        part: list[bytes] = []
        with archive.open(entry) as file:
            while chunk := file.read(_CHUNK_BYTES):
                inflated += len(chunk)
                # Small files may compress better than the ratio; bombs are never small.
                if inflated > max(packed_bytes * limits.max_ratio, 10 * _CHUNK_BYTES):
                    raise ExtractionFailed(
                        f"inflates to more than {limits.max_ratio} times its size"
                    )
                if inflated > limits.max_inflated_bytes:
                    size = size_name(limits.max_inflated_bytes)
                    raise ExtractionFailed(f"inflates to more than {size}")
                if entry.filename == "META-INF/manifest.xml":
                    part.append(chunk)
        if b"encryption-data" in b"".join(part):
            raise ExtractionFailed("password protected")
