"""What the database knows of word files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlite_utils import Database

from .segment_files import SegmentFile


@dataclass(frozen=True, slots=True)
class WordGeneration:
    """The files that together hold the words of an index at one moment.

    Attributes:
        last_passage: id of the last passage stored then.
        removed_seq: number of the last removal.
        removed: passages that the files hold and that are gone.
    """

    last_passage: int
    removed_seq: int
    removed: tuple[int, ...]
    files: tuple[SegmentFile, ...]


def word_generations(db: Database) -> Iterator[WordGeneration]:
    """Yield what is registered, newest first."""
    for row in db.query("SELECT * FROM word_generations ORDER BY generation DESC"):
        yield WordGeneration(
            last_passage=row["last_passage"],
            removed_seq=row["removed_seq"],
            removed=tuple(np.frombuffer(row["removed"], "<i8").tolist()),
            files=tuple(SegmentFile(*file) for file in json.loads(row["files"])),
        )


def put_word_generation(db: Database, generation: WordGeneration, keep: int) -> None:
    """Record a generation; forget all but the newest ``keep``, and removals that all of them know."""
    db.table("word_generations").insert(
        {
            "last_passage": generation.last_passage,
            "removed_seq": generation.removed_seq,
            "removed": np.array(generation.removed, "<i8").tobytes(),
            "files": json.dumps([[file.file, file.header_sha256] for file in generation.files]),
        }
    )
    db.execute(
        "DELETE FROM word_generations WHERE generation NOT IN "
        "(SELECT generation FROM word_generations ORDER BY generation DESC LIMIT ?)",
        [keep],
    )
    db.execute(
        "DELETE FROM removed_passages WHERE seq <= (SELECT min(removed_seq) FROM word_generations)"
    )
