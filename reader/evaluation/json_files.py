"""JSON files of labelled data and predictions: plain or gzip, of bounded size."""

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from ..errors import DatasetInvalid

MAX_BYTES = 1 << 30
"""Largest file, unpacked: the n-best list of 100,000 questions fits, a gzip bomb does not."""


def read_json(path: Path) -> Any:
    """Return the JSON value of a file, plain or gzip by its first bytes.

    Raises:
        DatasetInvalid: it is missing, too large, damaged, or not JSON.
    """
    raw = read_bytes(path)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise DatasetInvalid(f"{path} is not JSON: {exc}") from exc


def read_bytes(path: Path) -> bytes:
    """Return what is in a file, plain or gzip by its first bytes.

    Raises:
        DatasetInvalid: it is missing, too large, or damaged.
    """
    try:
        raw = _read_bounded(path)
    except FileNotFoundError as exc:
        raise DatasetInvalid(f"there is no file {path}") from exc
    except IsADirectoryError as exc:
        raise DatasetInvalid(f"{path} is a folder: give a file") from exc
    except (OSError, EOFError, zlib.error) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise DatasetInvalid(f"cannot read {path}: {reason}") from exc
    if len(raw) > MAX_BYTES:
        raise DatasetInvalid(f"cannot read {path}: it is larger than {MAX_BYTES >> 20} MiB")
    return raw


def _read_bounded(path: Path) -> bytes:
    """Return at most one byte more than is allowed."""
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not is_gzip:
            return file.read(MAX_BYTES + 1)
        with gzip.GzipFile(fileobj=file) as unpacked:
            return unpacked.read(MAX_BYTES + 1)
