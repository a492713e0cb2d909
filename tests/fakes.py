"""Fakes that several folders' tests share: small, deterministic, without a model."""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from answerable.index import Vectors

_WORD = re.compile(r"\w+|[^\w\s]")


class HashEncoder:
    """An ``Encoder`` whose vectors are bags of words: texts that share words are near.

    Args:
        name: also the source of its identity, so two names are two models.
        dimension: length of a vector.
        max_tokens: longest text in words and marks, two special tokens included.
    """

    def __init__(self, name: str = "hash", dimension: int = 32, max_tokens: int = 256) -> None:
        """Make an encoder that needs no files."""
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.sha256 = f"{zlib.crc32(f'{name}/{dimension}'.encode()):064x}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors, (n_texts, dimension) float32; longer texts are refused."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            words = _WORD.findall(text.casefold())
            assert len(words) <= self.max_tokens - 2, "text is longer than the encoder takes"
            for word in words:
                code = zlib.crc32(f"{self.name} {word}".encode())
                row[code % self.dimension] += 1.0 if code & 0x10000 else -1.0
            if not row.any():
                row[0] = 1.0
            row /= np.linalg.norm(row)
        return vectors

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return the vectors that ``encode`` gives."""
        return self.encode(questions)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return the code-point range of each word and punctuation mark."""
        return [match.span() for match in _WORD.finditer(text)]
