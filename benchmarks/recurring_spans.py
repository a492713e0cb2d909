"""Turn plain paragraphs into questions: a phrase that recurs answers for its hidden twin.

    python benchmarks/recurring_spans.py paragraphs-*.jsonl.gz --out runs/recurring.json.gz

With ``--without dev-a-v2.0.json.gz`` the articles of an evaluation set are left out.

One sentence of a paragraph becomes the question, the phrase in it replaced by ``[MASK]``; the
rest of the paragraph is the context, where the phrase still stands. Some questions are put to
another paragraph of the article that lacks the phrase: they have no answer. The output is a
SQuAD 2.0 file for ``answerable train reader``. Source: Ram and others 2021, "Few-Shot Question
Answering by Pretraining Span Selection".
"""

import argparse
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import track

from answerable.reader import read_squad
from answerable.retriever.lexical import STOP_WORDS

_WORD = re.compile(r"\w+(?:[-'’.]\w+)*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"“(])")
_MOST_WORDS = 8
_QUESTION_WORDS = 40  # around the hidden phrase: what fits a training window's question
_LEAST_CONTEXT = 100  # characters


@dataclass(frozen=True, slots=True)
class Cloze:
    """A sentence with a hole, and the rest of its paragraph."""

    question: str
    context: str
    answer: str
    start: int


def main() -> None:
    """Read, generate, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=Path, nargs="+", metavar="PARAGRAPHS.jsonl.gz")
    parser.add_argument("--out", type=Path, required=True, help="a .json.gz file")
    parser.add_argument("--without", type=Path, nargs="*", default=[], help="skip their articles")
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--per-paragraph", type=int, default=2)
    parser.add_argument("--unanswerable", type=float, default=0.2, help="share of questions")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    skipped = {_plain(q.title) for file in arguments.without for q in read_squad(file)}
    articles = [
        (title, texts)
        for title, texts in read_articles(arguments.files).items()
        if _plain(title) not in skipped
    ]
    rng.shuffle(articles)
    data, n_questions = [], 0
    for title, texts in track(articles, "generating"):
        paragraphs = article_questions(
            texts, rng, per_paragraph=arguments.per_paragraph, unanswerable=arguments.unanswerable
        )
        for paragraph in paragraphs:
            for qa in paragraph["qas"]:
                qa["id"] = f"recurring-{n_questions}"
                n_questions += 1
        data.append({"title": title, "paragraphs": paragraphs})
        if n_questions >= arguments.questions:
            break
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(arguments.out, "wt", encoding="utf-8") as file:
        json.dump({"version": "v2.0", "data": data}, file, ensure_ascii=False)
    print(f"{n_questions} questions of {len(data)} articles in {arguments.out}")


def read_articles(files: Sequence[Path]) -> dict[str, list[str]]:
    """Return the paragraphs of each article."""
    articles: dict[str, list[str]] = defaultdict(list)
    for path in files:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                articles[record["title"]].append(record["text"])
    return articles


def article_questions(
    texts: Sequence[str], rng: random.Random, *, per_paragraph: int, unanswerable: float
) -> list[dict[str, Any]]:
    """Return SQuAD paragraphs, ids left out, made of an article's texts."""
    paragraphs = []
    for text in texts:
        for cloze in clozes(text, rng, per_paragraph):
            others = [t for t in texts if t != text and cloze.answer.lower() not in t.lower()]
            if others and rng.random() < unanswerable:
                qa = {"question": cloze.question, "is_impossible": True, "answers": []}
                paragraphs.append({"context": rng.choice(others), "qas": [qa]})
                continue
            answer = {"text": cloze.answer, "answer_start": cloze.start}
            qa = {"question": cloze.question, "is_impossible": False, "answers": [answer]}
            paragraphs.append({"context": cloze.context, "qas": [qa]})
    return paragraphs


def clozes(text: str, rng: random.Random, most: int) -> list[Cloze]:
    """Return up to ``most`` questions of a paragraph, each on another phrase."""
    sentences = list(_sentences(text))
    phrases = recurring_phrases(text)
    rng.shuffle(phrases)
    made: list[Cloze] = []
    for places in phrases:
        if len(made) == most:
            break
        hidden = rng.choice(places)
        begin, end = next((b, e) for b, e in sentences if b <= hidden[0] < e)
        outside = [place for place in places if not begin <= place[0] < end]
        context = text[:begin] + text[end:]
        if hidden[1] > end or not outside or len(context) < _LEAST_CONTEXT:
            continue
        start = outside[0][0] if outside[0][0] < begin else outside[0][0] - (end - begin)
        answer = text[slice(*outside[0])]
        if context[start : start + len(answer)] == answer:
            made.append(Cloze(_with_hole(text, begin, end, hidden), context, answer, start))
    return made


def recurring_phrases(text: str) -> list[list[tuple[int, int]]]:
    """Return the places of every phrase that stands more than once, the longest ones only.

    A phrase is up to 8 words, neither its first nor its last a stop word; a single word must be
    a name or a number.
    """
    words = [(match.group().lower(), *match.span()) for match in _WORD.finditer(text)]
    covered: set[tuple[int, int]] = set()  # (word, length) inside a longer phrase taken already
    found: list[list[tuple[int, int]]] = []
    for length in range(_MOST_WORDS, 0, -1):
        seen: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for at in range(len(words) - length + 1):
            if (at, length) not in covered and _is_phrase(words, at, length, text):
                seen[tuple(word for word, _, _ in words[at : at + length])].append(at)
        for positions in seen.values():
            if len(positions) < 2:
                continue
            found.append([(words[at][1], words[at + length - 1][2]) for at in positions])
            for at in positions:
                covered |= {
                    (at + shift, shorter)
                    for shorter in range(1, length)
                    for shift in range(length - shorter + 1)
                }
    return found


def _is_phrase(words: Sequence[tuple[str, int, int]], at: int, length: int, text: str) -> bool:
    first, last = words[at], words[at + length - 1]
    if first[0] in STOP_WORDS or last[0] in STOP_WORDS:
        return False
    if any(char in ".!?;" for char in text[first[2] : last[1]]) and length > 1:
        return False
    return length > 1 or text[first[1]].isupper() or text[first[1]].isdigit()


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences' places; white space after one belongs to it."""
    begin = 0
    for match in _SENTENCE.finditer(text):
        yield begin, match.end()
        begin = match.end()
    yield begin, len(text)


def _with_hole(text: str, begin: int, end: int, hidden: tuple[int, int]) -> str:
    """Return a sentence with ``[MASK]`` for the phrase, cut to what is near it."""
    before = text[begin : hidden[0]].split(" ")[-_QUESTION_WORDS // 2 :]
    after = text[hidden[1] : end].split(" ")[: _QUESTION_WORDS // 2]
    return f"{' '.join(before)}[MASK]{' '.join(after)}".strip()


def _plain(title: str) -> str:
    return title.replace("_", " ").lower()


if __name__ == "__main__":
    main()
