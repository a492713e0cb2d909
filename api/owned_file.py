"""A single file of results: it replaces what a run of ours wrote there, and nothing else."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from .owned_folder import OutputRefused, unwritable

_HEAD_BYTES = 4096


def check_owned_file(path: Path, mark: bytes) -> None:
    """Find out before the work whether a file could be written.

    Args:
        path: of the file.
        mark: bytes near the beginning of every such file of ours.

    Raises:
        OutputRefused: there is another file, no folder to hold it, or the folder takes none of
            that name.
    """
    _check_place(path, mark)
    temporary = _temporary(path)
    try:
        temporary.touch(exist_ok=False)
    except OSError as exc:
        raise unwritable(path, exc) from exc
    with suppress(OSError):
        temporary.unlink()


def _check_place(path: Path, mark: bytes) -> None:
    """Refuse a path without a folder, and one with a file that is not ours."""
    if not path.absolute().parent.is_dir():
        raise OutputRefused(f"there is no folder {path.absolute().parent} for {path.name}")
    if not os.path.lexists(path):
        return
    try:
        is_ours = path.is_file() and mark in _head(path)
    except OSError:
        is_ours = False
    if not is_ours:
        raise OutputRefused(
            f"{path} is there already, and no run of this command wrote it: name another file"
        )


def write_owned_file(path: Path, text: str, mark: bytes) -> None:
    """Write a file; it is whole or as it was before.

    Raises:
        OutputRefused: see ``check_owned_file``, or the file cannot be written.
    """
    _check_place(path, mark)
    temporary = _temporary(path)
    try:
        with temporary.open("xb") as file:
            file.write(text.encode("utf-8", "backslashreplace"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as exc:
        raise unwritable(path, exc) from exc
    finally:
        with suppress(OSError):
            temporary.unlink()


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)
