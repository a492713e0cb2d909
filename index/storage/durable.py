"""Files that are whole on the disk before anything speaks of them."""

import os
import secrets
from pathlib import Path

TEMPORARY_PREFIX = ".tmp-"


def temporary_name() -> str:
    """Return a new name for a file that is not finished; a crash may leave it behind."""
    return f"{TEMPORARY_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"


def write_whole(path: Path, *data: bytes | memoryview) -> None:
    """Write a file so that, whatever happens, ``path`` holds all of ``data`` or is unchanged."""
    temporary = path.with_name(temporary_name())
    with temporary.open("xb") as file:
        file.writelines(data)
        file.flush()
        os.fsync(file.fileno())
    rename_durably(temporary, path)


def rename_durably(source: Path, target: Path) -> None:
    """Rename within a folder so that the new name outlasts a power cut."""
    os.replace(source, target)
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
