"""Source files written by hand: safetensors, SentencePiece models, configurations."""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

BERT = {
    "model_type": "bert",
    "architectures": ["BertForQuestionAnswering"],
    "vocab_size": 40,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 32,
}
NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4


def write_config(folder: Path, **changes: Any) -> Path:
    """Write a ``config.json`` of a small BERT reader with some keys changed."""
    folder.mkdir(exist_ok=True)
    path = folder / "config.json"
    path.write_text(json.dumps({**BERT, **changes}), encoding="utf-8")
    return path


def write_safetensors(path: Path, tensors: Mapping[str, np.ndarray[Any, Any]]) -> Path:
    """Write float32 arrays as the format has it: length, JSON header, bytes."""
    header, data = {}, b""
    for name, value in tensors.items():
        raw = value.astype("<f4").tobytes()
        place = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": place}
        data += raw
    return write_raw_safetensors(path, header, data)


def write_raw_safetensors(path: Path, header: object, data: bytes) -> Path:
    """Write a safetensors file whose header says what the test wants."""
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def sentencepiece(
    pieces: Sequence[tuple[str, float, int]], *, characters: bytes = b"", model: int = 1
) -> bytes:
    """Return a SentencePiece model as its protocol buffer: pieces, trainer, normalizer."""
    body = b"".join(
        _field(
            1,
            _field(1, text.encode()) + _key(2, 5) + struct.pack("<f", score) + _number(3, kind),
        )
        for text, score, kind in pieces
    )
    trainer = _number(3, model)
    normalizer = _field(2, characters) + _number(3, 1) + _number(4, 1)
    return body + _field(2, trainer) + _field(3, normalizer)


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _number(number: int, value: int) -> bytes:
    return _key(number, 0) + _varint(value)


def _field(number: int, raw: bytes) -> bytes:
    return _key(number, 2) + _varint(len(raw)) + raw


def _varint(value: int) -> bytes:
    out = b""
    while True:
        value, low = value >> 7, value & 0x7F
        out += bytes([low | (0x80 if value else 0)])
        if not value:
            return out
