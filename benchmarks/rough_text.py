"""Write a training set's paragraphs as people type them: typos, no commas, slang, asides.

    python benchmarks/rough_text.py train-v2.0.json.gz --out runs/rough.json.gz

Questions and answers stay as they are; only what stands between the answers changes. Encyclopedia
articles are all that a reader is trained on here, and reviews and posts it reads worse. The output
is a SQuAD 2.0 file for ``answerable train reader``.
"""

import argparse
import gzip
import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.reader.training.left_out import is_left_out

_CONTRACTIONS = {
    r"\bcannot\b": "can't",
    r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should) not\b": r"\1n't",
    r"\bwill not\b": "won't",
    r"\b(it|that|he|she|there) is\b": r"\1's",
    r"\b(they|we|you) are\b": r"\1're",
    r"\b(they|we|you) have\b": r"\1've",
}
_SLANG = {
    "because": ("cause", "b/c", "bc"),
    "though": ("tho",),
    "although": ("tho", "even tho"),
    "you": ("u",),
    "and": ("&",),
    "with": ("w/",),
    "without": ("w/o",),
    "people": ("ppl",),
    "about": ("abt",),
    "probably": ("prob", "prolly"),
    "approximately": ("around", "like"),
    "however": ("but", "but then"),
    "many": ("lots of", "a bunch of"),
    "very": ("really", "super"),
    "large": ("big", "huge"),
    "several": ("a few", "some"),
    "also": ("too", "also"),
    "including": ("like", "incl."),
    "such as": ("like",),
    "especially": ("esp.",),
    "currently": ("rn", "right now"),
    "therefore": ("so",),
}
_ASIDES = (
    "lol", "btw", "imo", "Edit:", "anyway,", "so yeah", ">", "*", "TL;DR", "haha", "I think",
    "to be honest", "Thanks!", "idk", "Also,", "just saying", "as far as I know,", "5 stars",
    "hope this helps", "I read somewhere that", "not gonna lie", "--", ":)", "ok so", "well,",
)  # fmt: skip
_SENTENCE_END = re.compile(r"(?<=[a-z)\]])\.(?=\s)")
_LONG_WORD = re.compile(r"[A-Za-z]{5,}")


@dataclass(frozen=True, slots=True)
class Manner:
    """How one writer writes.

    Attributes:
        sentence_end: in place of a full stop.
        asides, slang, typos: share of sentence ends, of words that have a short form, and of words
            of five letters and more where it shows.
        contractions: is not becomes isn't.
        apostrophes: are written.
    """

    commas_dropped: bool
    sentence_end: str
    asides: float
    contractions: bool
    apostrophes: bool
    slang: float
    typos: float


def main() -> None:
    """Read, roughen, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a SQuAD 2.0 file")
    parser.add_argument("--out", type=Path, required=True, help="a .json.gz file")
    parser.add_argument("--left-out-share", type=float, default=0.0, help="as in the spec")
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with gzip.open(arguments.data, "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    rough = [
        {**article, "paragraphs": [roughened(of, rng) for of in article["paragraphs"]]}
        for article in articles
        if not is_left_out(article["title"], arguments.left_out_share)
    ]
    with gzip.open(arguments.out, "wt", encoding="utf-8") as file:
        json.dump({"version": "v2.0", "data": rough}, file)
    print(f"{len(rough)} articles written to {arguments.out}")


def roughened(paragraph: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return a paragraph as a hasty writer types it, its answers as they are."""
    context, manner = paragraph["context"], _manner(rng)
    kept = _merged(
        (answer["answer_start"], answer["answer_start"] + len(answer["text"]))
        for asked in paragraph["qas"]
        for answer in asked["answers"]
    )
    text, moved, end = "", {}, 0
    for begin, until in [*kept, (len(context), len(context))]:
        text += _rough(context[end:begin], manner, rng)
        moved[begin] = len(text) - begin
        text += context[begin:until]
        end = until
    qas = [
        {
            **asked,
            "id": f"rough-{asked['id']}",
            "answers": [_moved(answer, kept, moved) for answer in asked["answers"]],
        }
        for asked in paragraph["qas"]
    ]
    return {"context": text, "qas": qas}


def _moved(
    answer: dict[str, Any], kept: Sequence[tuple[int, int]], moved: dict[int, int]
) -> dict[str, Any]:
    start = answer["answer_start"]
    begin = next(begin for begin, until in kept if begin <= start < until)
    return {"text": answer["text"], "answer_start": start + moved[begin]}


def _merged(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return places, those that touch or overlap made one, in order."""
    merged: list[tuple[int, int]] = []
    for begin, until in sorted(places):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
        else:
            merged.append((begin, until))
    return merged


def _manner(rng: random.Random) -> Manner:
    return Manner(
        commas_dropped=rng.random() < 0.4,
        sentence_end=rng.choice([".", ".", ".", "...", "!", "", " -", ".."]),
        asides=rng.choice([0.0, 0.1, 0.25]),
        contractions=rng.random() < 0.7,
        apostrophes=rng.random() < 0.6,
        slang=rng.choice([0.0, 0.2, 0.6]),
        typos=rng.choice([0.0, 0.01, 0.03, 0.06]),
    )


def _rough(text: str, manner: Manner, rng: random.Random) -> str:
    if manner.commas_dropped:
        text = re.sub(r",(?=\s)", "", text)
    if manner.contractions:
        for pattern, short in _CONTRACTIONS.items():
            text = re.sub(pattern, short, text)
    if not manner.apostrophes:
        text = re.sub(r"(?<=[a-z])'(?=[a-z])", "", text)
    for word, others in _SLANG.items():
        if manner.slang and word in text:
            text = re.sub(
                rf"\b{word}\b",
                lambda found, others=others: (
                    rng.choice(others) if rng.random() < manner.slang else found.group()
                ),
                text,
            )
    text = _SENTENCE_END.sub(lambda _: _ended(manner, rng), text)
    return _LONG_WORD.sub(
        lambda found: _typo(found.group(), rng) if rng.random() < manner.typos else found.group(),
        text,
    )


def _ended(manner: Manner, rng: random.Random) -> str:
    aside = f" {rng.choice(_ASIDES)}" if rng.random() < manner.asides else ""
    return manner.sentence_end + aside


def _typo(word: str, rng: random.Random) -> str:
    """Return a word with two letters swapped, one lost, or one doubled."""
    place = rng.randrange(1, len(word) - 1)
    head, letter, rest = word[:place], word[place], word[place + 1 :]
    return rng.choice([head + rest[:1] + letter + rest[1:], head + rest, head + letter * 2 + rest])


if __name__ == "__main__":
    main()
