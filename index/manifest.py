"""The identity card of a model folder: what the model is, and the checksum of every file.

Both the encoder and the reader are loaded through it, and the index records its
hash, so vectors of two models never mix.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import telemetry  # noqa: F401  whoever loads a model imports this module first
from .errors import ModelFolderInvalid

MANIFEST_NAME = "manifest.json"
# Settings that are whole numbers: from the least that a model can be run with to more than any has.
_NUMBERS = {
    "dimension": range(1, 65_537),
    "max_tokens": range(3, 1_000_001),
    "max_seq_tokens": range(8, 1_000_001),
    "max_question_tokens": range(1, 1_000_001),
}


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """What a model folder holds.

    Attributes:
        name: for people.
        kind: ``"encoder"`` or ``"reader"``.
        licence: SPDX expression of the weights.
        source: what the weights were made from.
        files: sha256 of every file the model is loaded from, by name.
        settings: what the model must be run with, by kind.
        provenance: how it was made: of an imported model its source's files, architecture,
            tokenizer, date and versions. It does not change what the model is.
    """

    name: str
    kind: str
    licence: str
    source: str
    files: Mapping[str, str]
    settings: Mapping[str, Any]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Identify the model: one hash over its files and settings."""
        parts = {"files": dict(self.files), "settings": dict(self.settings)}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def sha256_of_file(path: Path) -> str:
    """Return the hex SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_manifest(folder: Path, kind: str) -> ModelManifest:
    """Read a model folder's manifest and check every file against it.

    Raises:
        ModelFolderInvalid: no manifest, one that says what it cannot mean, another kind of
            model, or a file that is missing or changed.
    """
    path = folder / MANIFEST_NAME
    try:
        manifest = ModelManifest(**json.loads(path.read_text(encoding="utf-8")))
        _check_shape(manifest)
    except (OSError, ValueError, TypeError, RecursionError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise ModelFolderInvalid(f"{folder} is not a model folder: {path.name}: {reason}") from exc
    if manifest.kind != kind:
        raise ModelFolderInvalid(f"{folder} holds a model of kind {manifest.kind!r}, not {kind!r}")
    for name, expected in manifest.files.items():
        _check_file(folder, name, expected)
    return manifest


def _check_shape(manifest: ModelManifest) -> None:
    """Check that a manifest's values are of the types that they are read as.

    Raises:
        TypeError: one is of another type.
        ValueError: one is a number without a sense.
    """
    for name in ("name", "kind", "licence", "source"):
        if not isinstance(getattr(manifest, name), str):
            raise TypeError(f"{name} is no text")
    for name in ("files", "settings", "provenance"):
        if not isinstance(getattr(manifest, name), dict):
            raise TypeError(f"{name} is no object")
    for name, value in manifest.settings.items():
        numbers = _NUMBERS.get(name)
        if isinstance(value, dict | list):
            raise TypeError(f"{name} is neither a number nor a text")
        if numbers and (type(value) is not int or value not in numbers):
            least, most = numbers[0], numbers[-1]
            raise ValueError(f"{name} is not a whole number from {least:,} to {most:,}")


def _check_file(folder: Path, name: str, expected: str) -> None:
    file = folder / name
    try:
        is_plain = Path(name).name == name and not file.is_symlink() and file.is_file()
        if not is_plain:
            raise ModelFolderInvalid(f"model file {file} is missing or not a plain file")
        if sha256_of_file(file) != expected:
            raise ModelFolderInvalid(f"model file {file} is damaged: its checksum is wrong")
    except OSError as exc:
        raise ModelFolderInvalid(f"model file {file} cannot be read: {exc.strerror}") from exc


def write_manifest(folder: Path, manifest: ModelManifest) -> None:
    """Write ``manifest.json`` into a model folder, replacing an earlier one."""
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True)
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")
