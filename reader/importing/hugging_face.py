"""Writes a model that came in another form as a Hugging Face folder, which is imported further."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid

Array = npt.NDArray[Any]
_TYPES = {"f8": "F64", "f4": "F32", "f2": "F16", "i8": "I64", "i4": "I32", "u1": "U8"}


def write_folder(
    folder: Path,
    config: Mapping[str, Any],
    tensors: Mapping[str, Array],
    vocabulary: Path,
    *,
    lower_case: bool | None,
) -> None:
    """Write ``config.json``, ``model.safetensors``, ``vocab.txt`` and the tokenizer's settings.

    Args:
        folder: that is there.
        config: as transformers has it.
        tensors: weights by transformers' names.
        vocabulary: the source's ``vocab.txt``.
        lower_case: None to leave it unsaid.

    Raises:
        ModelFolderInvalid: a tensor's type is unknown.
    """
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    write_safetensors(folder / "model.safetensors", tensors)
    (folder / "vocab.txt").write_bytes(vocabulary.read_bytes())
    if lower_case is not None:
        settings = json.dumps({"do_lower_case": lower_case})
        (folder / "tokenizer_config.json").write_text(settings, encoding="utf-8")


def write_safetensors(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write arrays, one after the other, as a safetensors file.

    Raises:
        ModelFolderInvalid: a tensor's type is unknown.

    Source: https://huggingface.co/docs/safetensors, "Format".
    """
    header: dict[str, Any] = {}
    end = 0
    for name, value in tensors.items():
        kind = _TYPES.get(value.dtype.str[1:])
        if kind is None:
            raise ModelFolderInvalid(f"the tensor {name[:80]!r} is of type {value.dtype}")
        begin, end = end, end + value.nbytes
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(np.ascontiguousarray(value).data)
