"""Questions of a SQuAD file asked to an index of its articles: what two benchmarks share.

One article in four is left out of the index, so that the right passage is
sometimes found first, sometimes late, and sometimes not there at all.
"""

import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from answerable.api import Engine
from answerable.index import LocalIndex
from answerable.reader import SquadQuestion, is_right_answer
from answerable.retriever import HybridRetriever, OnnxEncoder

PASSAGES_READ = 10


def sample(questions: Sequence[SquadQuestion], n: int) -> list[SquadQuestion]:
    """Return n of the questions, always the same ones."""
    return random.Random(0).sample(questions, min(n, len(questions)))


@contextmanager
def retriever_over(
    questions: Sequence[SquadQuestion],
) -> Iterator[tuple[HybridRetriever, frozenset[str]]]:
    """Index three of four articles, a file each; lend a retriever over them and their titles."""
    contexts: dict[str, dict[str, None]] = {}
    for question in questions:
        contexts.setdefault(question.title, {})[question.context] = None
    with tempfile.TemporaryDirectory() as work:
        source, folder = Path(work) / "articles", Path(work) / "index"
        source.mkdir()
        indexed = [title for number, title in enumerate(contexts) if number % 4 != 3]
        for title in indexed:
            text = "\n\n".join(contexts[title])
            (source / f"{title}.txt").write_text(text, encoding="utf-8")
        with Engine.open(folder, create=True) as engine:
            engine.ingest([source])
        encoder = OnnxEncoder.load()
        with LocalIndex.open(folder, encoder) as index:
            yield HybridRetriever(index, encoder), frozenset(indexed)


def is_right(text: str, question: SquadQuestion) -> bool:
    """Whether a text is a right answer: see ``is_right_answer``."""
    return is_right_answer(text, [answer.text for answer in question.answers])


def split_by_article(titles: Sequence[str]) -> list[list[int]]:
    """Return the positions of two halves that share no article."""
    ordered = sorted(set(titles))
    return [
        [i for i, title in enumerate(titles) if ordered.index(title) % 2 == side] for side in (0, 1)
    ]
