"""Readers from folders with or without a manifest.

Export tools write ``model.onnx`` beside ``tokenizer.json`` and nothing that says what it is.
Such a folder can be measured, and compared with the INT8 model made of it, as it stands.
"""

import hashlib
import json
from pathlib import Path

from answerable.index import (
    ModelFolderInvalid,
    available_cores,
    read_tokenizer,
    sha256_of_file,
)

from .confidence import uncalibrated
from .onnx_reader import OnnxReader
from .session import ReaderSession
from .windows import WindowConfig, WindowMaker

_MANIFEST = "manifest.json"
_FILES = ("model.onnx", "tokenizer.json")
_CONFIG = "config.json"
_SHORTEST_WINDOW = 16  # a few words of a question and of a passage: no real model takes less


def load_reader(folder: Path | None = None, *, threads: int | None = None) -> OnnxReader:
    """Load a reader's folder, or one that holds only a model and its tokenizer.

    A folder without a manifest is loaded on trust: there are no checksums to compare. Its
    windows are as long as ``config.json`` lets them be, 384 tokens at most, and nothing is
    known of its confidence: it answers where it prefers a span to "no answer".

    Args:
        folder: None for the shipped reader.
        threads: windows read at the same time; None for one per core.

    Raises:
        ModelFolderInvalid: a file is missing, damaged, or does not fit the others.
    """
    if folder is None or (folder / _MANIFEST).exists() or not _is_plain(folder):
        return OnnxReader.load(folder, threads=threads)
    hashes = [sha256_of_file(folder / name) for name in _FILES]
    sha256 = hashlib.sha256("".join(hashes).encode()).hexdigest()
    tokenizer = read_tokenizer(folder / "tokenizer.json")
    return OnnxReader(
        ReaderSession(folder / "model.onnx", threads or available_cores()),
        WindowMaker(tokenizer, WindowConfig(max_seq_tokens=_max_seq_tokens(folder))),
        uncalibrated(sha256),
        name=folder.resolve().name,
        sha256=sha256,
    )


def _is_plain(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _FILES)


def _max_seq_tokens(folder: Path) -> int:
    longest = WindowConfig().max_seq_tokens
    path = folder / _CONFIG
    if not path.exists():
        return longest
    try:
        limit = json.loads(path.read_text(encoding="utf-8"))["max_position_embeddings"]
        return min(longest, max(_SHORTEST_WINDOW, int(limit)))
    except (OSError, ValueError, TypeError, KeyError, OverflowError) as exc:
        raise ModelFolderInvalid(f"{path} does not say max_position_embeddings: {exc!r}") from exc
