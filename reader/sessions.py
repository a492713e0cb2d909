"""Which runtime a reader's folder is run by: ONNX Runtime, or OpenVINO for its own files."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from .session import ReaderSession

if TYPE_CHECKING:
    from .openvino_session import OpenVinoSession

IR_NAME = "model.xml"
WEIGHTS_NAME = "model.bin"
_ONNX_NAME = "model.onnx"


def model_files(files: Collection[str]) -> tuple[str, ...]:
    """Return which files a model of these must have."""
    return (IR_NAME, WEIGHTS_NAME) if IR_NAME in files else (_ONNX_NAME,)


def open_session(
    folder: Path, files: Collection[str], threads: int
) -> "ReaderSession | OpenVinoSession":
    """Load the model of a folder.

    Args:
        folder: a reader's.
        files: the names of those that its manifest lists.
        threads: windows read at the same time.

    Raises:
        ModelFolderInvalid: it cannot be run, or what runs it is not installed.
    """
    if IR_NAME in files:
        # With all that reads models of others: 60 ms that no other reader needs.
        from .openvino_session import OpenVinoSession

        return OpenVinoSession(folder / IR_NAME, threads)
    return ReaderSession(folder / _ONNX_NAME, threads)
