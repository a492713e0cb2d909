"""The sets of questions that confidence is fitted on and measured with.

- ``open``: questions of dev-a over an index of its articles among Wikipedia paragraphs, in the
  kinds and shares of ``SHARES``.
- ``open_alone``: the same questions over dev-a's articles alone, as in somebody's small folder.
- ``more``, ``more_alone``: dev-a's other questions, each over one of the two indexes: adversarial
  ones that the open set leaves out, and answerable ones as they were not asked there, with their
  answer in the index or without. There are several for each one that the open set holds, and
  the surest errors are few.
- ``amazon_reviews``, ``reddit``, ``policyqa``: the same over paragraphs of other domains, half of
  the questions with their paragraph hidden or about something else.
- ``gold_*``: answerable questions, each read on its own paragraph alone.
- ``unrelated``: questions of dev-a over an index of real documents.
"""

import gzip
import json
import random
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from open_index import Article, articles_of

from answerable.reader import SquadQuestion, read_squad

Item = TypeVar("Item")
# Half of the questions have their answer in the index; of the others, a third each are about a
# text that is not there (every second time the paragraph, else the article), have a paragraph
# that only seems to answer them (SQuAD's adversarial ones), and are about other things altogether.
SHARES = {"present": 3 / 6, "removed": 1 / 6, "unanswerable": 1 / 6, "foreign": 1 / 6}
SHIFTED_SHARES = {"present": 3 / 6, "removed": 2 / 6, "foreign": 1 / 6}
HIDDEN = ("paragraph", "article")  # of a question's text, in turn
WAYS = ("present-", "removed-", "unanswerable-")
DEV_A = "squad/dev-a-v2.0.json.gz"
DOMAINS = ("amazon_reviews", "reddit", "policyqa")


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A question before it is asked.

    Attributes:
        context: the paragraph that it is about; empty if it is foreign.
        hides: what of its text is hidden from it.
    """

    id: str
    kind: str
    group: str
    title: str
    context: str
    question: str
    answers: tuple[str, ...]
    hides: str = ""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions and the articles of the index that they are asked to."""

    name: str
    articles: tuple[Article, ...]
    questions: tuple[ToAsk, ...]


def sample(items: Sequence[Item], n: int, seed: int = 0) -> list[Item]:
    """Return n of the items, always the same ones, in random order."""
    return random.Random(seed).sample(items, min(n, len(items)))


def open_set(data: Path, n: int) -> QuestionSet:
    """Return n questions over dev-a."""
    questions = read_squad(data / DEV_A)
    return QuestionSet(
        "open", tuple(articles_of(questions)), tuple(_mixed(questions, _foreign(data), n, SHARES))
    )


def more_set(data: Path, n: int, *, is_large: bool) -> QuestionSet:
    """Return dev-a's questions in all ways in which the open set does not ask them, for one index."""
    questions = read_squad(data / DEV_A)
    known = {(one.kind, one.id) for one in open_set(data, n).questions}
    ways = [
        one
        for i, question in enumerate(questions)
        for one in (_both_ways(question, i) if question.is_answerable else _adversarial(question))
    ]
    asked = [
        replace(one, id=f"{one.kind}-{one.id}")
        for one in ways
        if (one.kind, one.id) not in known and is_for_large_index(one.id) == is_large
    ]
    return QuestionSet("more", tuple(articles_of(questions)), tuple(asked))


def is_for_large_index(id: str) -> bool:
    """Say over which of two indexes a question calibrates: one half over each."""
    return zlib.crc32(plain_id(id).encode()) % 2 == 0


def plain_id(id: str) -> str:
    """Return the id of a question without the way in which it is asked."""
    return id.rpartition("-")[2] if id.startswith(WAYS) else id


def _both_ways(question: SquadQuestion, number: int) -> list[ToAsk]:
    hides = HIDDEN[number % len(HIDDEN)]
    return [_to_ask(question, "present"), _to_ask(question, "removed", hides=hides)]


def _adversarial(question: SquadQuestion) -> list[ToAsk]:
    return [_to_ask(question, "unanswerable")]


def domain_set(data: Path, name: str, n: int, n_paragraphs: int) -> QuestionSet:
    """Return n questions over paragraphs of another domain, one article each."""
    found = _domain(data, name)
    contexts = dict.fromkeys(question.context for question in found)
    kept = set(sample(list(contexts), n_paragraphs))
    questions = [question for question in found if question.context in kept]
    dev = [q for q in read_squad(data / DEV_A) if q.is_answerable]
    foreign = [(question.title, question.question) for question in sample(dev, n)]
    asked = _mixed(questions, foreign, n, SHIFTED_SHARES)
    return QuestionSet(name, tuple(articles_of(questions)), tuple(_of_any_text(asked, questions)))


def gold_set(data: Path, name: str, n: int) -> QuestionSet:
    """Return n answerable questions to be read on their own paragraphs."""
    path = data / DEV_A
    found = read_squad(path) if name == "dev-a" else _domain(data, name)
    chosen = sample([question for question in found if question.is_answerable], n, seed=2)
    return QuestionSet(f"gold_{name}", (), tuple(_to_ask(q, "present") for q in chosen))


def unrelated_set(data: Path, n: int) -> QuestionSet:
    """Return n answerable questions of dev-a, for an index that knows nothing of them."""
    questions = read_squad(data / DEV_A)
    chosen = sample([q for q in questions if q.is_answerable], n, seed=3)
    return QuestionSet("unrelated", (), tuple(_to_ask(q, "unrelated", answers=()) for q in chosen))


def _domain(data: Path, name: str) -> list[SquadQuestion]:
    """Return a domain's questions; of PolicyQA those of policies that never serve as foreign."""
    if name == "policyqa":
        questions = read_squad(data / "policyqa" / "dev.json.gz")
        return [q for q in questions if q.title not in _foreign_policies(questions)]
    questions = read_squad(data / "squadshifts" / f"{name}.json.gz")
    contexts = dict.fromkeys(question.context for question in questions)
    numbers = {context: number for number, context in enumerate(contexts)}
    # Reviews and posts have nothing to do with each other: each is a text of its own.
    return [replace(q, title=f"{name}-{numbers[q.context]}") for q in questions]


def _foreign_policies(questions: Sequence[SquadQuestion]) -> set[str]:
    return set(sorted({question.title for question in questions})[::2])


def _foreign(data: Path) -> list[tuple[str, str]]:
    """Return questions about privacy policies and aeronautics, with their groups."""
    questions = read_squad(data / "policyqa" / "dev.json.gz")
    titles = _foreign_policies(questions)
    policies = [(q.title, q.question) for q in questions if q.title in titles]
    queries = data / "retrieval" / "cranfield" / "queries.jsonl.gz"
    with gzip.open(queries, "rt", encoding="utf-8") as file:
        aeronautics = [json.loads(line)["text"] for line in file]
    numbered = [(f"cranfield-{i % 8}", text) for i, text in enumerate(aeronautics)]
    shuffled = sample(policies, len(policies))
    n = len(numbered)
    return [pair for two in zip(shuffled, numbered, strict=False) for pair in two] + shuffled[n:]


def _mixed(
    questions: Sequence[SquadQuestion],
    foreign: Sequence[tuple[str, str]],
    n: int,
    shares: dict[str, float],
) -> Iterator[ToAsk]:
    """Yield questions of every kind in their shares, in random order."""
    answerable = sample([q for q in questions if q.is_answerable], n)
    n_present = round(n * shares["present"])
    removed = answerable[n_present : n_present + round(n * shares["removed"])]
    impossible = sample([q for q in questions if not q.is_answerable], n)
    asked = [_to_ask(q, "present") for q in answerable[:n_present]]
    asked += [_to_ask(q, "removed", hides=HIDDEN[i % 2]) for i, q in enumerate(removed)]
    asked += [
        _to_ask(q, "unanswerable") for q in impossible[: round(n * shares.get("unanswerable", 0))]
    ]
    asked += [
        ToAsk(f"foreign-{i}", "foreign", group, "", "", text, ())
        for i, (group, text) in enumerate(foreign[: round(n * shares["foreign"])])
    ]
    yield from sample(asked, len(asked), seed=1)


def _of_any_text(asked: Iterable[ToAsk], questions: Sequence[SquadQuestion]) -> Iterator[ToAsk]:
    """Yield questions with the answers to the same words about any text of the index.

    PolicyQA asks "Who do you share my information with?" about every policy. Over an index of
    many, the question does not say which it means.
    """
    answers: dict[str, dict[str, None]] = defaultdict(dict)
    for question in questions:
        answers[_wording(question.question)] |= dict.fromkeys(a.text for a in question.answers)
    for one in asked:
        known = answers.get(_wording(one.question), {}) if one.answers else {}
        yield replace(one, answers=tuple(dict.fromkeys((*one.answers, *known))))


def _wording(question: str) -> str:
    return " ".join(question.casefold().split())


def _to_ask(
    question: SquadQuestion, kind: str, hides: str = "", answers: tuple[str, ...] | None = None
) -> ToAsk:
    references = tuple(dict.fromkeys(answer.text for answer in question.answers))
    return ToAsk(
        id=question.id,
        kind=kind,
        group=question.title,
        title=question.title,
        context=question.context,
        question=question.question,
        answers=references if answers is None else answers,
        hides=hides,
    )
