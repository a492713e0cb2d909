"""From a document's text to passages and their vectors, within what the encoder can take."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from .documents import SplitConfig, split
from .types import CutPassage, Encoder, Page, Vectors

SPECIAL_TOKENS = 2
# A passage is encoded with the headings it stands under; they may take this much of the room.
HEADING_TOKENS = 32
# Texts handed to the encoder at once; bounds the memory that a long document takes.
ENCODE_BATCH = 256
# Characters tokenized at once: a tokenizer's own records take a hundred bytes a token.
TOKENIZE_CHARS = 200_000


class PassageEmbedder:
    """Cuts texts into passages and turns passages into vectors."""

    def __init__(self, encoder: Encoder) -> None:
        """Fit the size of passages to the encoder's longest input."""
        self._encoder = encoder
        room = encoder.max_tokens - SPECIAL_TOKENS
        self._heading_tokens = min(HEADING_TOKENS, room // 4)
        self._config = _split_config(room - self._heading_tokens)

    def cut(self, text: str, media_type: str, pages: Sequence[Page]) -> tuple[CutPassage, ...]:
        """Return the passages of a text, in order."""
        spans = split(text, media_type, self._token_starts(text), self._config)
        starts = [page.start for page in pages]
        return tuple(
            CutPassage(
                start=span.start,
                end=span.end,
                heading=span.heading,
                text=text[span.start : span.end],
                page=_page_at(pages, starts, span.start),
            )
            for span in spans
        )

    def encode(self, passages: Sequence[CutPassage]) -> Vectors:
        """Return the vectors of passages, (n_passages, dimension) float32."""
        texts = [self._text_of(passage) for passage in passages]
        parts = [np.empty((0, self._encoder.dimension), dtype=np.float32)]
        for first in range(0, len(texts), ENCODE_BATCH):
            parts.append(self._encoder.encode(texts[first : first + ENCODE_BATCH]))
        return np.concatenate(parts)

    def _token_starts(self, text: str) -> "array[int]":
        """Return where each token begins, in 8 bytes a token."""
        starts = array("q")
        for first, last in _stretches(text):
            offsets = self._encoder.token_offsets(text[first:last])
            starts.extend(first + start for start, _ in offsets)
        return starts

    def _text_of(self, passage: CutPassage) -> str:
        """Return what the encoder sees: the end of the headings, which says most, and the text."""
        offsets = self._encoder.token_offsets(passage.heading) if passage.heading else ()
        if not offsets:
            return passage.text
        first = offsets[-self._heading_tokens :][0][0]
        return f"{passage.heading[first:]}\n{passage.text}"


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Yield the text in ranges of bounded length that end between words, where there are words."""
    first = 0
    while len(text) - first > TOKENIZE_CHARS:
        last = first + TOKENIZE_CHARS
        for space in ("\n", " "):
            found = text.rfind(space, first + TOKENIZE_CHARS // 2, last)
            if found > 0:
                last = found
                break
        yield first, last
        first = last
    yield first, len(text)


def _split_config(max_tokens: int) -> SplitConfig:
    usual = SplitConfig()
    return SplitConfig(
        target_tokens=min(usual.target_tokens, max_tokens),
        overlap_tokens=min(usual.overlap_tokens, max_tokens // 4),
        max_tokens=max_tokens,
    )


def _page_at(pages: Sequence[Page], starts: Sequence[int], position: int) -> int | None:
    """Return the number of the last page that starts at or before ``position``."""
    before = bisect_right(starts, position)
    return pages[before - 1].number if before else None
