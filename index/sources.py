"""Which files an ingest reads: the paths given, and what is under them."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from .documents import is_supported
from .errors import SourceNotFound
from .types import FileFailure


@dataclass(frozen=True, slots=True)
class Sources:
    """What was found, in the order of names.

    Attributes:
        files: absolute, each once.
        folders: those given, absolute.
        failures: folders that could not be read.
        skipped: entries that are not read on purpose, with the reason.
    """

    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    failures: tuple[FileFailure, ...]
    skipped: tuple[FileFailure, ...]


def find_sources(paths: Sequence[Path], index_folder: Path) -> Sources:
    """Return the files to ingest under ``paths``.

    A file that is named is always tried. In a folder, hidden entries and the index itself are
    passed over in silence; links, devices and files of an unknown kind are listed as skipped.

    Raises:
        SourceNotFound: one of the paths does not exist; nothing has been done then.
    """
    roots = [_existing(path) for path in paths]
    found = _Found(index_folder.resolve())
    for root in roots:
        found.add_root(root)
    return Sources(
        files=tuple(dict.fromkeys(found.files)),
        folders=tuple(root for root in roots if root.is_dir()),
        failures=tuple(found.failures),
        skipped=tuple(found.skipped),
    )


def is_gone(uri: str) -> bool:
    """Say whether nothing is left at a ``file://`` address; False when one cannot tell."""
    try:
        os.lstat(path_of(uri))
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def path_of(uri: str) -> Path:
    """Return the path that ``Path.as_uri`` made a ``file://`` address of."""
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(uri).path)))


def _existing(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as exc:  # a loop of links; a NUL in the name
        reason = getattr(exc, "strerror", None) or str(exc)
        raise SourceNotFound(f"cannot ingest {path}: {reason}") from exc


class _Found:
    """Collects what a walk comes across."""

    def __init__(self, index_folder: Path) -> None:
        self._index_folder = index_folder
        self.files: list[Path] = []
        self.failures: list[FileFailure] = []
        self.skipped: list[FileFailure] = []

    def add_root(self, root: Path) -> None:
        mode = root.stat().st_mode
        if stat.S_ISDIR(mode):
            self._walk(root)
        elif stat.S_ISREG(mode):
            self.files.append(root)
        else:
            self._skip(root, "not a regular file")

    def _walk(self, root: Path) -> None:
        # A list instead of recursion: folders may nest deeper than Python calls do.
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            if folder == self._index_folder:
                continue
            inner = [path for path in self._entries(folder) if self._take(path)]
            waiting.extend(reversed(inner))

    def _entries(self, folder: Path) -> Iterator[Path]:
        try:
            names = sorted(os.listdir(folder))
        except OSError as exc:
            self.failures.append(
                FileFailure(folder.as_uri(), f"cannot read this folder: {exc.strerror}")
            )
            return
        yield from (folder / name for name in names if not name.startswith("."))

    def _take(self, path: Path) -> bool:
        """Note a file or the reason to skip it; return whether it is a folder to walk."""
        try:
            mode = path.lstat().st_mode
        except OSError as exc:
            self.failures.append(FileFailure(path.as_uri(), f"cannot be read: {exc.strerror}"))
            return False
        if stat.S_ISLNK(mode):
            self._skip(path, "a symbolic link; name its target to ingest it")
        elif stat.S_ISREG(mode) and is_supported(path):
            self.files.append(path)
        elif stat.S_ISREG(mode):
            self._skip(path, f"not a kind of file that is read ({path.suffix or 'no extension'})")
        elif not stat.S_ISDIR(mode):
            self._skip(path, "not a regular file")
        return stat.S_ISDIR(mode)

    def _skip(self, path: Path, reason: str) -> None:
        self.skipped.append(FileFailure(path.as_uri(), reason))
