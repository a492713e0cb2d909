"""Files of a source folder: regular ones, in the folder, of bounded size."""

from pathlib import Path

from answerable.index import ModelFolderInvalid

MAX_TEXT_BYTES = 64 << 20  # the largest tokenizer.json in use has 17 MB


def source_file(folder: Path, name: str) -> Path | None:
    """Return a file of a source folder; None if it has none of that name.

    Links are followed where Hugging Face's cache has them: within the folder, and from
    ``snapshots/REVISION`` to ``blobs``.

    Raises:
        ModelFolderInvalid: it is a link that leads elsewhere, or no regular file.
    """
    path = folder / name
    if not path.is_symlink() and not path.exists():
        return None
    root, target = folder.resolve(), path.resolve()
    allowed = (root, root.parent.parent / "blobs") if root.parent.name == "snapshots" else (root,)
    if not any(target.is_relative_to(place) for place in allowed):
        raise ModelFolderInvalid(f"{path} is a link that leads out of the folder")
    if not target.is_file():
        raise ModelFolderInvalid(f"{path} is not a regular file")
    return path


def read_bounded(path: Path, max_bytes: int = MAX_TEXT_BYTES) -> bytes:
    """Return a file's bytes.

    Raises:
        ModelFolderInvalid: it cannot be read, or is larger than ``max_bytes``.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as exc:
        raise ModelFolderInvalid(f"{path} cannot be read: {exc.strerror}") from exc
    if len(raw) > max_bytes:
        raise ModelFolderInvalid(f"{path} is larger than {max_bytes >> 20} MiB")
    return raw


def read_text(path: Path, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Return a UTF-8 file's text.

    Raises:
        ModelFolderInvalid: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        return read_bounded(path, max_bytes).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ModelFolderInvalid(f"{path} is not UTF-8 text") from exc
