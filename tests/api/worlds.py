"""Random documents for random people, each full of words that only those may see who may see it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from answerable.index import Filters
from tests.api.fakes import open_engine

PEOPLE = ("group:hr", "group:sales", "user:ann", "user:bob")
ASKERS: tuple[tuple[str, ...], ...] = ((), *((name,) for name in PEOPLE), PEOPLE[:2], PEOPLE[2:])


@dataclass(frozen=True, slots=True)
class Planted:
    """A document, and who may see it.

    Attributes:
        word: in its text, title, name, collection and metadata, and nowhere else.
    """

    word: str
    allow: tuple[str, ...]

    def is_seen_by(self, principals: Sequence[str]) -> bool:
        """Say whether somebody may see it."""
        return bool({*principals, "public"} & set(self.allow))


def planted(seed: int, n: int = 12) -> list[Planted]:
    """Return documents for random people, every fourth for all."""
    chance = random.Random(seed)
    return [
        Planted(
            f"zq{number}x{chance.getrandbits(32):08x}",
            ("public",) if number % 4 == 0 else tuple(chance.sample(PEOPLE, chance.randint(1, 2))),
        )
        for number in range(n)
    ]


def store(index_folder: Path, documents: Sequence[Planted]) -> Mapping[str, int]:
    """Put documents into an index in this order; return their ids by word."""
    files = index_folder.parent / "files"
    files.mkdir(parents=True, exist_ok=True)
    with open_engine(index_folder) as engine:
        for one in documents:
            path = files / f"{one.word}name.md"
            path.write_text(
                f"# Rules of {one.word}title\n\nThe allowance of {one.word} is 400 euros.\n"
                f"You may work from home, says {one.word}.\n",
                encoding="utf-8",
            )
            engine.ingest(
                [path],
                principals=one.allow,
                collection=f"{one.word}collection",
                metadata={f"{one.word}key": f"{one.word}value", "author": f"{one.word}author"},
            )
        stored = engine.index.documents(Filters())
    return {one.word: info.id for one in documents for info in stored if one.word in info.uri}


def leaked(shown: bytes, documents: Sequence[Planted], principals: Sequence[str]) -> list[str]:
    """Return the words, and the names of others, that are shown to somebody who may not know."""
    words = [one.word for one in documents if not one.is_seen_by(principals)]
    # Who else may see a document is nobody's business either.
    names = [name for name in PEOPLE if name not in principals]
    return [text for text in (*words, *names) if text.encode() in shown]
