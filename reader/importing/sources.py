"""What can be imported: each kind of source says whether it knows a path, and unpacks it.

A kind ends in one of three forms, each with its tokenizer: a plain Hugging Face folder, an ONNX
file, or OpenVINO IR. What happens to these is the same for all. A new kind is a module with a
``SourceKind``, and one line in ``SOURCE_KINDS``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from answerable.index import ModelFolderInvalid

from .configuration import CONFIG_NAME
from .megatron import is_megatron, prepare_megatron
from .model_card import read_model_card
from .nemo import is_nemo, prepare_nemo
from .onnx_source import find_onnx_source, is_onnx
from .openvino_ir import is_ir, prepare_ir
from .prepared import Prepared
from .sealed import is_sealed, refuse_sealed
from .source_files import source_file
from .weights import weight_files


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of source.

    Attributes:
        name: for people, as it stands in the manifest.
        knows: tells whether a path is of this kind, by names and first bytes alone.
        prepare: takes the path and an empty private folder for what is unpacked.
        needs_extra: whether taking it in needs the extra ``models``.
    """

    name: str
    knows: Callable[[Path], bool]
    prepare: Callable[[Path, Path], Prepared]
    needs_extra: bool = True


def _is_hugging_face(source: Path) -> bool:
    return (source / CONFIG_NAME).is_file() and bool(weight_files(source))


def _hugging_face(source: Path, work: Path) -> Prepared:
    names = [path.name for path in weight_files(source)]
    names += [CONFIG_NAME, *_TEXT_FILES]
    files = {name: path for name in names if (path := source_file(source, name))}
    card = read_model_card(source)
    return Prepared(
        "hugging-face", source, files, null_answer=card.null_answer, licence=card.licence
    )


def _onnx(source: Path, work: Path) -> Prepared:
    model, folder, files = find_onnx_source(source)
    return Prepared("onnx", folder, files, onnx=model)


# What says something of a model beside its configuration and weights.
_TEXT_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "spm.model",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
)

# The first that knows a source takes it: put what is told by its content before what is guessed.
SOURCE_KINDS: tuple[SourceKind, ...] = (
    SourceKind("NeMo archive", is_nemo, prepare_nemo),
    SourceKind("TAO's encrypted archive", is_sealed, refuse_sealed, needs_extra=False),
    SourceKind("OpenVINO IR", is_ir, prepare_ir, needs_extra=False),
    SourceKind("Megatron-LM checkpoint", is_megatron, prepare_megatron),
    SourceKind("Hugging Face folder", _is_hugging_face, _hugging_face),
    SourceKind("ONNX file or folder", is_onnx, _onnx),
)


def kind_of(source: Path) -> SourceKind:
    """Find out what a file or folder is.

    Raises:
        ModelFolderInvalid: it is not there, or of no known kind.
    """
    if not source.exists():
        raise ModelFolderInvalid(f"{source} does not exist")
    if not (source.is_dir() or source.is_file()):
        raise ModelFolderInvalid(f"{source} is neither a file nor a folder")
    for kind in SOURCE_KINDS:
        if kind.knows(source):
            return kind
    known = ", ".join(kind.name for kind in SOURCE_KINDS)
    raise ModelFolderInvalid(f"{source} is nothing that can be imported; known are: {known}")


def prepare_source(source: Path, work: Path) -> tuple[SourceKind, Prepared]:
    """Find out what a source is, and unpack it where it needs unpacking.

    Args:
        source: a file or folder.
        work: an empty folder of our own.

    Raises:
        ModelFolderInvalid: it is not there, of no known kind, or damaged.
    """
    kind = kind_of(source)
    return kind, kind.prepare(source, work)
