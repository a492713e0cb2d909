"""SentencePiece's ``.model`` files, read without its library: pieces, scores, normalization.

The file is one protocol buffer; only the few fields that a tokenizer needs are read, and every
length is checked against the file.

Source: sentencepiece_model.proto of google/sentencepiece (ModelProto, TrainerSpec, NormalizerSpec).
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from answerable.index import ModelFolderInvalid

from .source_files import read_bounded

_MAX_BYTES = 32 << 20
_MAX_PIECES = 1_000_000

_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3
_PIECE_TEXT, _PIECE_SCORE, _PIECE_KIND = 1, 2, 3
_TRAINER_MODEL, _TRAINER_UNKNOWN = 3, 40
_NORMALIZER_CHARACTERS, _NORMALIZER_PREFIX, _NORMALIZER_SPACES = 2, 3, 4

_UNIGRAM, _BPE = 1, 2
_NORMAL, UNKNOWN, CONTROL, USER_DEFINED = 1, 2, 3, 4

Value = int | bytes | float


@dataclass(frozen=True, slots=True)
class Piece:
    """A token, its log-probability, and its kind (normal, unknown, control, user-defined)."""

    text: str
    score: float
    kind: int


@dataclass(frozen=True, slots=True)
class SentencePieceModel:
    """What a SentencePiece file holds.

    Attributes:
        model: how text is segmented.
        unknown_id: of the piece for what no other covers.
        characters: the compiled table of replacements that normalizes text; may be empty.
        adds_prefix: a text begins as if white space stood before it.
        squeezes_spaces: several spaces count as one.
    """

    pieces: tuple[Piece, ...]
    model: Literal["unigram", "bpe"]
    unknown_id: int
    characters: bytes
    adds_prefix: bool
    squeezes_spaces: bool


def read_sentencepiece(path: Path) -> SentencePieceModel:
    """Read a ``spiece.model``, ``spm.model`` or ``sentencepiece.bpe.model``.

    Raises:
        ModelFolderInvalid: it is none, is damaged, or segments text in an unknown way.
    """
    raw = read_bounded(path, _MAX_BYTES)
    try:
        return _model(raw)
    except (ValueError, TypeError, IndexError, struct.error) as exc:
        raise ModelFolderInvalid(f"{path} is no SentencePiece model: {exc}") from exc


def _model(raw: bytes) -> SentencePieceModel:
    pieces: list[Piece] = []
    trainer: dict[int, Value] = {}
    normalizer: dict[int, Value] = {}
    for number, value in _fields(raw):
        if number == _PIECES:
            pieces.append(_piece(_bytes(value)))
            if len(pieces) > _MAX_PIECES:
                raise ValueError(f"more than {_MAX_PIECES:,} pieces")
        elif number == _TRAINER:
            trainer = dict(_fields(_bytes(value)))
        elif number == _NORMALIZER:
            normalizer = dict(_fields(_bytes(value)))
    kind = trainer.get(_TRAINER_MODEL, _UNIGRAM)
    if kind not in (_UNIGRAM, _BPE):
        raise ValueError("it segments text into words or characters, which no known reader does")
    unknown = next((i for i, piece in enumerate(pieces) if piece.kind == UNKNOWN), None)
    if unknown is None:
        raise ValueError("it has no piece for what is unknown")
    return SentencePieceModel(
        pieces=tuple(pieces),
        model="unigram" if kind == _UNIGRAM else "bpe",
        unknown_id=unknown,
        characters=_bytes(normalizer.get(_NORMALIZER_CHARACTERS, b"")),
        adds_prefix=bool(normalizer.get(_NORMALIZER_PREFIX, 1)),
        squeezes_spaces=bool(normalizer.get(_NORMALIZER_SPACES, 1)),
    )


def _piece(raw: bytes) -> Piece:
    fields = dict(_fields(raw))
    score = fields.get(_PIECE_SCORE, 0.0)
    if not isinstance(score, float) or not math.isfinite(score):
        raise ValueError("a piece's score is no number")
    text = _bytes(fields.get(_PIECE_TEXT, b"")).decode("utf-8")
    return Piece(text, score, int(fields.get(_PIECE_KIND, _NORMAL)))


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a field is of another type")
    return value


def _fields(raw: bytes) -> Iterator[tuple[int, Value]]:
    """Yield number and value of each field of a message; the last of a number counts."""
    at = 0
    while at < len(raw):
        key, at = _varint(raw, at)
        number, kind = key >> 3, key & 7
        value: Value
        if kind == 0:
            value, at = _varint(raw, at)
        elif kind == 1:
            (value,), at = struct.unpack_from("<d", raw, at), at + 8
        elif kind == 2:
            length, at = _varint(raw, at)
            if length > len(raw) - at:
                raise ValueError("it is cut off")
            value, at = raw[at : at + length], at + length
        elif kind == 5:
            (value,), at = struct.unpack_from("<f", raw, at), at + 4
        else:
            raise ValueError("a field is of an unknown type")
        yield number, value


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number is too long")
