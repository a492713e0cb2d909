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
class SourceFile:
    """A file to read."""

    path: Path
    size_bytes: int


@dataclass(frozen=True, slots=True)
class SourceTotal:
    """How much there is to read."""

    files: int
    size_bytes: int


class Sources:
    """The files under the paths given, in the order of names, each once; found while iterating.

    No list of them is kept, so that there may be millions.

    Attributes:
        folders: those given, absolute.
        failures: what the last walk could not read.
        skipped: entries that it did not yield on purpose, with the reason.
    """

    def __init__(self, roots: Sequence[Path], index_folder: Path) -> None:
        """Use ``find_sources``, which makes the paths absolute."""
        self.folders = tuple(root for root in roots if root.is_dir())
        self.failures: tuple[FileFailure, ...] = ()
        self.skipped: tuple[FileFailure, ...] = ()
        self._roots = tuple(roots)
        self._index_folder = index_folder

    def total(self) -> SourceTotal:
        """Walk once and count."""
        files = size_bytes = 0
        for file in _Walk(self._roots, self._index_folder).files():
            files += 1
            size_bytes += file.size_bytes
        return SourceTotal(files, size_bytes)

    def __iter__(self) -> Iterator[SourceFile]:
        """Walk and yield; afterwards ``failures`` and ``skipped`` are those of this walk."""
        walk = _Walk(self._roots, self._index_folder)
        yield from walk.files()
        self.failures, self.skipped = tuple(walk.failures), tuple(walk.skipped)


def find_sources(paths: Sequence[Path], index_folder: Path) -> Sources:
    """Return the files to ingest under ``paths``.

    A file that is named is always tried. In a folder, hidden entries and the index itself are
    passed over in silence; links, devices and files of an unknown kind are listed as skipped.

    Raises:
        SourceNotFound: one of the paths does not exist; nothing has been done then.
    """
    return Sources([_existing(path) for path in paths], index_folder.resolve())


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


class _Walk:
    """One walk, and what it came across beside files to read."""

    def __init__(self, roots: Sequence[Path], index_folder: Path) -> None:
        self._roots = roots
        self._index_folder = index_folder
        # Paths that were given may also lie under one another: each is taken where it is first met.
        self._named = frozenset(roots)
        self._met: set[Path] = set()
        self.failures: list[FileFailure] = []
        self.skipped: list[FileFailure] = []

    def files(self) -> Iterator[SourceFile]:
        for root in self._roots:
            if root not in self._met:
                yield from self._at_root(root)

    def _at_root(self, root: Path) -> Iterator[SourceFile]:
        self._met.add(root)
        try:
            status = root.stat()
        except OSError as exc:  # it was there a moment ago
            self._fail(root, f"cannot be read: {exc.strerror}")
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._below(root)
        elif stat.S_ISREG(status.st_mode):
            yield SourceFile(root, status.st_size)
        else:
            self._skip(root, "not a regular file")

    def _below(self, root: Path) -> Iterator[SourceFile]:
        # A list instead of recursion: folders may nest deeper than Python calls do.
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            if folder == self._index_folder:
                continue
            inner = []
            for path in self._entries(folder):
                status = self._status(path)
                if status is None:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    inner.append(path)
                else:
                    yield SourceFile(path, status.st_size)
            waiting.extend(reversed(inner))

    def _entries(self, folder: Path) -> Iterator[Path]:
        try:
            names = sorted(os.listdir(folder))
        except OSError as exc:
            self._fail(folder, f"cannot read this folder: {exc.strerror}")
            return
        yield from (folder / name for name in names if not name.startswith("."))

    def _status(self, path: Path) -> os.stat_result | None:
        """Return the status of a file to read or a folder to walk; note the reason for None."""
        try:
            status = path.lstat()
        except OSError as exc:
            self._fail(path, f"cannot be read: {exc.strerror}")
            return None
        is_file, is_folder = stat.S_ISREG(status.st_mode), stat.S_ISDIR(status.st_mode)
        is_named = path in self._named
        if is_named and path in self._met:
            return None
        if is_named:
            self._met.add(path)
        if stat.S_ISLNK(status.st_mode):
            self._skip(path, "a symbolic link; name its target to ingest it")
        elif not is_file and not is_folder:
            self._skip(path, "not a regular file")
        elif is_file and not is_named and not is_supported(path):
            self._skip(path, f"not a kind of file that is read ({path.suffix or 'no extension'})")
        else:
            return status
        return None

    def _fail(self, path: Path, reason: str) -> None:
        self.failures.append(FileFailure(path.as_uri(), reason))

    def _skip(self, path: Path, reason: str) -> None:
        self.skipped.append(FileFailure(path.as_uri(), reason))
