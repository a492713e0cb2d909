"""An index of a million Wikipedia passages, for benchmarks of search.

The paragraphs are cut into passages of whole sentences and taken several times, under other
addresses, until there are enough. Each paragraph is a document. Collections ``half``,
``twentieth``, ``200th`` and ``2000th`` hold those shares of the documents, and so do the groups of
the same names; every other document is public. Without an encoder, vectors have 8 dimensions and
only take their place.
"""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from answerable.index import CutPassage, Encoder, LocalIndex, NewDocument, Vectors

PASSAGE_WORDS = 64
BATCH_DOCUMENTS = 2000
SHARES = {"2000th": 2000, "200th": 200, "twentieth": 20, "half": 2}
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class PlaceholderEncoder:
    """Identifies the vectors of this benchmark; encodes to the same vector, always."""

    name = "placeholder"
    sha256 = "0" * 64
    dimension = 8
    max_tokens = 256

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one vector for each text, (n_texts, 8) float32."""
        return np.full((len(texts), self.dimension), self.dimension**-0.5, np.float32)

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return the vectors that ``encode`` gives."""
        return self.encode(questions)

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Return where the words of a text are."""
        return [match.span() for match in re.finditer(r"\S+", text)]


def paragraphs(data: Path) -> Iterator[tuple[str, str]]:
    """Yield title and text of each Wikipedia paragraph."""
    for path in sorted((data / "wiki").glob("paragraphs-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in map(json.loads, file):
                yield line["title"], line["text"]


def open_wiki_index(
    folder: Path, data: Path, n_passages: int, encoder: Encoder | None = None
) -> LocalIndex:
    """Open the index in ``folder``; make it first if it is not there.

    Args:
        folder: of the index.
        data: folder of the data sets.
        n_passages: to be in it.
        encoder: what its vectors are of; placeholders if not given.
    """
    encoder = encoder or PlaceholderEncoder()
    is_new = not (folder / "index.sqlite3").exists()
    index = LocalIndex.open(folder, encoder, create=True)
    if is_new:
        _fill(index, data, n_passages, encoder)
    return index


def _fill(index: LocalIndex, data: Path, n_passages: int, encoder: Encoder) -> None:
    n_done = 0
    with index.writing() as writer:
        for batch in _batches(data):
            kept = []
            for document in batch:
                if n_done < n_passages:
                    kept.append(document)
                    n_done += len(document.passages)
            vectors = encoder.encode([p.text for d in kept for p in d.passages])
            writer.put(kept, vectors)
            if n_done >= n_passages:
                break
        index.publish(writer)


def _batches(data: Path) -> Iterator[list[NewDocument]]:
    numbers = count()
    while True:
        for batch in _grouped(paragraphs(data)):
            yield [_document(next(numbers), title, text) for title, text in batch]


def _grouped(pairs: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    group: list[tuple[str, str]] = []
    for pair in pairs:
        group.append(pair)
        if len(group) == BATCH_DOCUMENTS:
            yield group
            group = []
    yield group


def _document(number: int, title: str, text: str) -> NewDocument:
    share = next((name for name, n in SHARES.items() if number % n == n - 1), "rest")
    return NewDocument(
        uri=f"wiki:{number}",
        title=title,
        collection=share,
        media_type="text/plain",
        content_sha256="",
        size_bytes=len(text),
        text=text,
        pages=(),
        principals=(f"group:{share}", *(("public",) if number % 4 < 2 else ())),
        modified_at=f"{2000 + number % 20}-01-01T00:00:00+00:00",
        passages=tuple(_cut(text)),
        metadata={"share": share},
    )


def _cut(text: str) -> Iterator[CutPassage]:
    """Yield passages of whole sentences, ``PASSAGE_WORDS`` long or a little more."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if text.count(" ", start, match.start()) >= PASSAGE_WORDS:
            yield CutPassage(start, match.start(), "", text[start : match.start()], None)
            start = match.end()
    yield CutPassage(start, len(text), "", text[start:], None)
