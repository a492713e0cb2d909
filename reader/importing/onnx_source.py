"""Plain ONNX files as a source: a file, or a folder that holds one, its tokenizer beside it."""

from pathlib import Path

from answerable.index import ModelFolderInvalid

from .configuration import CONFIG_NAME
from .source_files import source_file
from .weights import weight_files

_PLACES = (".", "onnx")
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "spm.model",
    CONFIG_NAME,
)


def is_onnx(source: Path) -> bool:
    """Tell whether a path is an ONNX file, or a folder with one and no other weights."""
    if source.is_dir():
        return bool(_files(source)) and not weight_files(source)
    return source.suffix == ".onnx"


def find_onnx_source(source: Path) -> tuple[Path, Path, dict[str, Path]]:
    """Return an ONNX source's model file, the folder of its tokenizer, and the files it is of.

    Raises:
        ModelFolderInvalid: there are several models, or a file is a link that leads elsewhere.
    """
    folder = source if source.is_dir() else source.parent
    model = _only(source) if source.is_dir() else source
    if source_file(model.parent, model.name) is None:
        raise ModelFolderInvalid(f"{model} does not exist")
    files = {model.name: model}
    for name in _TOKENIZER_FILES:
        if path := source_file(folder, name):
            files[name] = path
    return model, folder, files


def _files(folder: Path) -> list[Path]:
    return sorted(path for place in _PLACES for path in (folder / place).glob("*.onnx"))


def _only(folder: Path) -> Path:
    found = _files(folder)
    named = [path for path in found if path.name == "model.onnx"] or found
    if len(named) > 1:
        names = ", ".join(path.name for path in named)
        raise ModelFolderInvalid(f"{folder} has several ONNX files ({names}): name one of them")
    return named[0]
