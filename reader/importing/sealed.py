"""TAO's and Riva's archives that only their own tools open: what to bring instead."""

from pathlib import Path

from answerable.index import ModelFolderInvalid

from .prepared import Prepared

_ENDINGS = (".tlt", ".etlt", ".eonnx", ".ejrvs", ".rmir", ".riva")


def is_sealed(source: Path) -> bool:
    """Tell by a file's name whether it is an encrypted archive; put it behind NeMo's."""
    return source.suffix.lower() in _ENDINGS and source.is_file()


def refuse_sealed(source: Path, work: Path) -> Prepared:
    """Say what to bring instead.

    Raises:
        ModelFolderInvalid: always.
    """
    raise ModelFolderInvalid(
        f"{source} is encrypted, and only TAO opens it, with its key: bring the .nemo file that it "
        "was made from, or a Hugging Face folder or ONNX file of the model"
    )
