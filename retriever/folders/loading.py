"""The encoder in a folder, whatever kind of folder it is."""

from pathlib import Path

from answerable.index import Encoder, ModelFolderInvalid, ModelManifest

from ..encoder import OnnxEncoder, default_encoder_folder, load_encoder_manifest

_OURS, _THEIRS = "manifest.json", "modules.json"


def encoder_manifest(folder: Path | None) -> ModelManifest:
    """Return the identity of the encoder in a folder; its model is not loaded.

    A folder of Sentence Transformers has no manifest: one is made of its files.

    Args:
        folder: None for the shipped encoder.

    Raises:
        ModelFolderInvalid: it holds no encoder, or a file of it is damaged.
    """
    folder = folder or default_encoder_folder()
    if _is_ours(folder):
        return load_encoder_manifest(folder)
    from .sentence_transformers import read_folder

    return read_folder(folder).manifest


def load_encoder(folder: Path | None = None, threads: int | None = None) -> Encoder:
    """Load the encoder in a folder: one of ours, or one of Sentence Transformers.

    The latter runs on ONNX Runtime if it has an ONNX file, else through the ``models`` extra.

    Args:
        folder: None for the shipped encoder.
        threads: texts encoded at once; None for one per available core.

    Raises:
        ModelFolderInvalid: it holds no encoder, cannot be loaded, or needs the extra.
    """
    folder = folder or default_encoder_folder()
    if _is_ours(folder):
        return OnnxEncoder.load(folder, threads)
    from .sentence_transformers import open_folder, read_folder

    return open_folder(read_folder(folder), threads)


def _is_ours(folder: Path) -> bool:
    if (folder / _OURS).is_file() or not folder.is_dir():
        return True  # a folder that is not there is reported as one of ours
    if (folder / _THEIRS).is_file():
        return False
    raise ModelFolderInvalid(f"{folder} is not a model folder: it has no {_OURS} and no {_THEIRS}")
