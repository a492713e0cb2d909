"""OpenVINO IR as a source: ``.xml``, ``.bin`` and ``vocab.txt``, copied as they are."""

import shutil
from pathlib import Path

from answerable.index import ModelFolderInvalid

from .ir_files import check_ir
from .prepared import Prepared

_VOCABULARIES = ("tokenizer.json", "vocab.txt")


def is_ir(source: Path) -> bool:
    """Tell whether a path is an ``.xml`` with its ``.bin``, or a folder with one such pair."""
    return bool(_pairs(source))


def prepare_ir(source: Path, work: Path) -> Prepared:
    """Copy an IR and its vocabulary into ``work``, as model.xml, model.bin, vocab.txt.

    Raises:
        ModelFolderInvalid: the files are damaged or mean harm, the vocabulary is missing, or
            a folder holds several models.
    """
    pairs = _pairs(source)
    if len(pairs) > 1:
        names = ", ".join(path.name for path in pairs)
        raise ModelFolderInvalid(f"{source} holds several models ({names}): name one of them")
    xml = pairs[0]
    bin_ = xml.with_suffix(".bin")
    # Open Model Zoo keeps the precisions of a model in folders beside its vocabulary.
    places = [folder / name for folder in (xml.parent, xml.parent.parent) for name in _VOCABULARIES]
    vocabulary = next((path for path in places if path.is_file()), None)
    if vocabulary is None:
        raise ModelFolderInvalid(f"no vocab.txt beside {xml}: put the model's vocabulary there")
    for path in (xml, bin_, vocabulary):
        if path.is_symlink():
            raise ModelFolderInvalid(f"{path} is a link: bring the file itself")
    check_ir(xml, bin_)
    folder = work / "folder"
    folder.mkdir()
    for path, name in ((xml, "model.xml"), (bin_, "model.bin"), (vocabulary, vocabulary.name)):
        shutil.copyfile(path, folder / name)
    files = {path.name: path for path in (xml, bin_, vocabulary)}
    return Prepared("openvino", folder, files, null_answer="none")


def _pairs(source: Path) -> list[Path]:
    if source.is_dir():
        found = sorted(source.glob("*.xml"))
    else:
        found = [source] if source.suffix.lower() == ".xml" else []
    return [path for path in found if path.with_suffix(".bin").is_file()]
