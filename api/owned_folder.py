"""A folder of results that may hold other files: ours are replaced, no others.

A JSON record lists what was written with it, with checksums. What is listed and unchanged may
be replaced by the next run; any other file of the same name is left alone.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.index import AnswerableError

_WRITER = "answerable evaluate squad"


class OutputRefused(AnswerableError):
    """Results cannot be written, or a file is in their way that no run of ours wrote as it is."""


class ResultUnwritten(OutputRefused):
    """The work is done, and a file that should hold what came of it could not be written.

    Attributes:
        result: what the call would have returned.
    """

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result


def unwritable(path: Path, exc: OSError) -> OutputRefused:
    """Return the error for a file that the system does not let us write."""
    return OutputRefused(f"cannot write {path}: {exc.strerror}")


@dataclass(frozen=True, slots=True)
class OwnedFolder:
    """A folder and the record that says which of its files are ours."""

    path: Path
    record_name: str

    def check(self, names: Sequence[str]) -> None:
        """Make sure that files of these names, and the record, may be written.

        Raises:
            OutputRefused: one of them is there and not ours, or the folder is a file.
        """
        if self.path.exists() and not self.path.is_dir():
            raise OutputRefused(f"{self.path} is not a folder: name another for the results")
        listed = self._listed()
        for name in (*names, self.record_name):
            path = self.path / name
            if name == self.record_name:
                is_ours = listed is not None
            else:
                is_ours = name in (listed or {}) and _sha256_of(path) == (listed or {})[name]
            if os.path.lexists(path) and not is_ours:
                raise OutputRefused(
                    f"{path} is there already, and no evaluation wrote it as it is: "
                    "name another folder, or move it away"
                )

    def write(self, files: Mapping[str, bytes], record: Mapping[str, Any]) -> None:
        """Write files and the record; remove those of the run before that are not among them.

        Each file is whole or as it was before; all are on the disk before the first is replaced.

        Args:
            files: content by name.
            record: what the record says beside the list of files; JSON.

        Raises:
            OutputRefused: see ``check``, or a file cannot be written.
        """
        self.check(list(files))
        former = self._listed() or {}
        with _naming(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        checksums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        listing = {**record, "written_by": _WRITER, "files": checksums}
        text = json.dumps(listing, indent=2) + "\n"
        self._replace({**files, self.record_name: text.encode()})
        for name in former.keys() - files.keys():
            if _sha256_of(self.path / name) == former[name]:
                (self.path / name).unlink()

    def _replace(self, files: Mapping[str, bytes]) -> None:
        staged: dict[str, Path] = {}
        try:
            for name, content in files.items():
                staged[name] = self.path / f".{name}-{os.getpid()}-{secrets.token_hex(4)}"
                with _naming(self.path / name):
                    _write_through(staged[name], content)
            for name, temporary in staged.items():
                with _naming(self.path / name):
                    os.replace(temporary, self.path / name)
        finally:
            for temporary in staged.values():
                with suppress(FileNotFoundError):
                    temporary.unlink()

    def _listed(self) -> dict[str, str] | None:
        """Return the checksums of what the last run wrote here; None if none of ours did."""
        try:
            record = json.loads((self.path / self.record_name).read_bytes())
            if record["written_by"] != _WRITER:
                return None
            listed = {str(name): str(checksum) for name, checksum in record["files"].items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None
        # A list that leads elsewhere is not one of ours.
        is_local = all(Path(name).name == name for name in listed)
        return listed if is_local else None


def _sha256_of(path: Path) -> str | None:
    """Return the checksum of a plain file, None for anything else."""
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Have errors name the file that was to be written; a full disk names none."""
    try:
        yield
    except OSError as exc:
        raise unwritable(path, exc) from exc


def _write_through(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
