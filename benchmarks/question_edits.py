"""What people change in a question so that its paragraph does not answer it any more.

Three of ten unanswerable questions of SQuAD's training set are an answerable one of the same
paragraph with one place changed: "heating" to "cooling", "created" to "rejected". The words that
gave way to each other there can do so in other questions as well.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from answerable.index import STOP_WORDS
from answerable.reader import SquadQuestion

MOST_WORDS = 2  # that one edit changes
_LEAST_SHARED = 0.6  # of the words of two questions that may be one edit apart
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_NEGATION = re.compile(r"\b(no|not|never|longer)\b|n['’]t\b")

Edits = Mapping[str, Mapping[str, int]]
"""For words of an answerable question, what they became, and how often."""


def edits_of(questions: Sequence[SquadQuestion]) -> Edits:
    """Find the edits of one place, negations left out."""
    paragraphs: dict[str, tuple[list[list[str]], list[list[str]]]] = {}
    for question in questions:
        answerable, unanswerable = paragraphs.setdefault(question.context, ([], []))
        (answerable if question.is_answerable else unanswerable).append(_words(question.question))
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for answerable, unanswerable in paragraphs.values():
        for words in unanswerable:
            edits = [edit for other in answerable if (edit := _edit(other, words))]
            if edits:
                before, after = min(edits, key=lambda edit: len(f"{edit[0]} {edit[1]}"))
                found[before][after] += 1
    return found


def edited(text: str, context: str, edits: Edits, rng: random.Random) -> Iterator[str]:
    """Yield a question with each of its words that somebody changed once, changed likewise.

    What the paragraph holds too is preferred: it is harder to notice.
    """
    passage = context.casefold()
    for size in range(1, MOST_WORDS + 1):
        words = list(_WORD.finditer(text))
        for first, last in zip(words, words[size - 1 :], strict=False):
            place = slice(first.start(), last.end())
            ways = edits.get(text[place].casefold(), {})
            others = [after for after in ways if after not in text.casefold()]
            if others:
                weights = [ways[o] ** 0.5 * (4 if o in passage else 1) for o in others]
                other = rng.choices(others, weights)[0]
                yield text[: place.start] + other + text[place.stop :]


def _edit(before: Sequence[str], after: Sequence[str]) -> tuple[str, str] | None:
    longer = max(len(before), len(after))
    if len(set(before) & set(after)) < _LEAST_SHARED * longer:
        return None
    steps = [
        s for s in SequenceMatcher(None, before, after, False).get_opcodes() if s[0] != "equal"
    ]
    if len(steps) != 1:
        return None
    _, start, end, new_start, new_end = steps[0]
    old, new = before[start:end], after[new_start:new_end]
    is_small = 0 < len(old) <= MOST_WORDS and 0 < len(new) <= MOST_WORDS
    if not is_small or _NEGATION.search(" ".join(new)) or STOP_WORDS.issuperset(old):
        return None
    return " ".join(old), " ".join(new)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
