"""The rule of run_squad, NeMo and run_qa: sums of logits against the null score.

Of every window the 20 best starts and the 20 best ends are paired; a pair counts if both are tokens
of the passage in the right order and not too far apart. "No answer" scores the sum of both logits at
position 0, in the window where that is least. It wins where it is above the best answer by more
than the threshold: ``score_diff``, the null odds.

The best pair need not be seen: where questions, special tokens or padding take all of the 20 best
starts or ends, nothing is left, and the answer is the word "empty", as in the scripts. What a
candidate's text is, and which texts are one candidate, is where they differ.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from ..spans import Logits
from .final_text import WordTexts
from .softmax import softmax
from .types import Profile, ProfileAnswer, ProfileDecision, ReadQuestion, ReadWindow

_FILLER = "empty"  # the scripts' answer where no pair counts
_NO_NULL = 1e6  # the scripts' null score where there is no window


def run_squad(question: ReadQuestion, profile: Profile) -> ProfileDecision:
    """Decide as run_squad.py does: one candidate for each text.

    An answer counts only in the window that sees most around its start. Its text is found by its
    tokens' spelling, in which a span that begins inside a word keeps the mark of that, is not
    found, and is widened to whole words.
    """
    return _decided_by_words(question, profile, drops_marks=False)


def nemo(question: ReadQuestion, profile: Profile) -> ProfileDecision:
    """Decide as NeMo's QAModel does: as run_squad, but a span may begin inside a word."""
    return _decided_by_words(question, profile, drops_marks=True)


def run_qa(question: ReadQuestion, profile: Profile) -> ProfileDecision:
    """Decide as run_qa.py does: texts are slices, and equal ones may stand side by side."""

    def text_of(pair: "_Pair") -> tuple[str, int, int]:
        passage = question.passages[pair.read.window.passage]
        begin, end = passage.offsets[pair.start_token][0], passage.offsets[pair.end_token][1]
        return passage.text[begin:end], begin, end

    return _decided(question, profile, text_of, is_once_each=False)


def _decided_by_words(
    question: ReadQuestion, profile: Profile, *, drops_marks: bool
) -> ProfileDecision:
    texts = [
        WordTexts(passage, is_lower_casing=question.is_lower_casing, drops_marks=drops_marks)
        for passage in question.passages
    ]

    def text_of(pair: "_Pair") -> tuple[str, int, int]:
        return texts[pair.read.window.passage].of(pair.start_token, pair.end_token)

    return _decided(question, profile, text_of, is_once_each=True)


class _Pair:
    """A start and an end in one window; None for "no answer" in it."""

    __slots__ = ("end_logit", "end_token", "read", "score", "start_logit", "start_token")

    def __init__(self, read: ReadWindow, start: int, end: int) -> None:
        self.read = read
        self.start_token = read.first_token + start - read.window.context_start
        self.end_token = read.first_token + end - read.window.context_start
        self.start_logit = float(read.start_logits[start])
        self.end_logit = float(read.end_logits[end])
        self.score = self.start_logit + self.end_logit


_TextOf = Callable[[_Pair], tuple[str, int, int]]


def _decided(
    question: ReadQuestion, profile: Profile, text_of: _TextOf, *, is_once_each: bool
) -> ProfileDecision:
    pairs = [pair for read in question.windows for pair in _pairs(read, profile)]
    pairs.sort(key=lambda pair: -pair.score)
    null = _null(question.windows)
    found = _entries(pairs, null if profile.may_abstain else None, profile, text_of, is_once_each)
    n_best = _with_probabilities(found)
    best = next(entry for entry in n_best if entry.text)
    null_odds = null.start_logit + null.end_logit - best.start_logit - best.end_logit
    is_withheld = profile.may_abstain and null_odds > profile.null_threshold
    given = next(e for e in n_best if not e.text) if is_withheld else best
    return ProfileDecision(
        profile=profile.name,
        best=best,
        is_withheld=is_withheld,
        score=given.score,
        null_odds=null_odds,
        n_best=n_best,
    )


def _pairs(read: ReadWindow, profile: Profile) -> Iterator[_Pair]:
    context = read.context
    longest = profile.max_answer_tokens or len(read.start_logits)
    ends = [end for end in _best(read.end_logits, profile.n_best) if _within(end, context)]
    for start in _best(read.start_logits, profile.n_best):
        if not _within(start, context) or not read.sees_most[start - context.start]:
            continue
        for end in ends:
            if start <= end < start + longest:
                yield _Pair(read, start, end)


def _best(logits: Logits, n_best: int) -> list[int]:
    """Return the positions of the greatest logits, padding and question among them."""
    return [int(at) for at in np.argsort(-logits, kind="stable")[:n_best]]


def _within(position: int, context: slice) -> bool:
    return bool(context.start <= position < context.stop)


def _null(windows: Iterable[ReadWindow]) -> ProfileAnswer:
    """Return "no answer" with its logits in the window where it scores least."""
    nulls = [(float(read.start_logits[0]), float(read.end_logits[0])) for read in windows]
    start_logit, end_logit = min(nulls, key=sum) if nulls else (_NO_NULL, 0.0)
    return ProfileAnswer("", 0.0, None, 0, 0, start_logit, end_logit)


def _entries(
    pairs: Iterable[_Pair],
    null: ProfileAnswer | None,
    profile: Profile,
    text_of: _TextOf,
    is_once_each: bool,
) -> list[ProfileAnswer]:
    """Return the n best with "no answer" in its place, or behind them where it is not among them."""
    entries: list[ProfileAnswer] = []
    seen: set[str] = set()
    null_score = null.start_logit + null.end_logit if null else -np.inf
    is_null_due = null is not None
    for pair in pairs:
        if len(entries) == profile.n_best:
            break
        if null and is_null_due and null_score > pair.score:
            entries.append(null)
            is_null_due = False
            if len(entries) == profile.n_best:
                break
        text, start, end = text_of(pair)
        if is_once_each and text in seen:
            continue
        seen.add(text)
        place = pair.read.window.passage
        entries.append(
            ProfileAnswer(text, 0.0, place, start, end, pair.start_logit, pair.end_logit)
        )
    if null and is_null_due:
        entries.append(null)
    if not any(entry.text for entry in entries):
        entries.insert(0, ProfileAnswer(_FILLER, 0.0, None, 0, 0, 0.0, 0.0))
    return entries


def _with_probabilities(entries: list[ProfileAnswer]) -> tuple[ProfileAnswer, ...]:
    """Give each its share of a softmax over the list, which is what the n-best files call probability."""
    shares = softmax([entry.start_logit + entry.end_logit for entry in entries])
    return tuple(
        replace(entry, score=float(share)) for entry, share in zip(entries, shares, strict=True)
    )
