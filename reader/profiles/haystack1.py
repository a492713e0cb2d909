"""The rule of Haystack 1's FARMReader: the mean of two probabilities, document by document.

Of each window the span with the greatest sum of logits is kept, of any length. Its confidence is the mean
of the softmax of its start and that of its end, each over the whole padded window: an answer that
is sure of one end only is half sure. Passages are compared by that confidence.

"No answer", asked for with ``return_no_answer``, scores the sigmoid of an eighth of: the best sum of
logits, but no less than 0, less the greatest lead that a span has over its window's null score.

Source: QuestionAnsweringHead.logits_to_preds, reduce_preds; FARMReader._extract_answers_of_predictions;
BaseReader._calc_no_answer.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from .softmax import sigmoid, softmax
from .types import (
    PassageTokens,
    Profile,
    ProfileAnswer,
    ProfileDecision,
    ReadQuestion,
    ReadWindow,
)

_SCALE = 8.0
_TOP_K = 10  # answers of all documents together


def haystack1(question: ReadQuestion, profile: Profile) -> ProfileDecision:
    """Decide as the reader does: the span of the greatest confidence."""
    answers: list[ProfileAnswer] = []
    leads: list[float] = []
    best_sum = 0.0
    for _, windows in groupby(question.windows, key=lambda read: read.window.passage):
        found = [_span(question, read, profile) for read in windows]
        leads.append(max(span.lead for span in found))
        kept = _kept(found, leads[-1], profile)
        answers += [span.answer for span in kept[: profile.n_best]]
        best_sum = max([best_sum, *(span.sum for span in kept)])
    answers.sort(key=lambda answer: -answer.score)
    best = answers[0] if answers else None
    null_score = sigmoid((best_sum - max(leads)) / _SCALE) if leads else 1.0
    null_odds = null_score - best.score if best else null_score
    is_withheld = profile.may_abstain and null_odds > 0
    listed = list(answers)
    if profile.may_abstain:
        listed.append(ProfileAnswer("", null_score, None, 0, 0, 0.0, 0.0))
        listed.sort(key=lambda answer: -answer.score)
    return ProfileDecision(
        profile=profile.name,
        best=best,
        is_withheld=is_withheld,
        score=null_score if is_withheld or best is None else best.score,
        null_odds=null_odds,
        n_best=tuple(listed[:_TOP_K]),
    )


@dataclass(frozen=True, slots=True)
class _Span:
    """The best span of a window: its sum of logits, and its lead over the null score."""

    answer: ProfileAnswer
    sum: float
    lead: float


def _span(question: ReadQuestion, read: ReadWindow, profile: Profile) -> _Span:
    context = read.context
    sums = np.add.outer(read.start_logits[context], read.end_logits[context])
    sums[np.tril_indices(len(sums), -1)] = -np.inf
    if profile.max_answer_tokens is not None:
        sums[np.triu_indices(len(sums), profile.max_answer_tokens)] = -np.inf
    start, end = divmod(int(sums.argmax()), len(sums))
    starts, ends = softmax(read.start_logits), softmax(read.end_logits)
    confidence = (starts[context.start + start] + ends[context.start + end]) / 2
    text, begin_char, end_char = _text(
        question.passages[read.window.passage], read.first_token + start, read.first_token + end
    )
    answer = ProfileAnswer(
        text=text,
        score=float(confidence),
        passage=read.window.passage,
        start=begin_char,
        end=end_char,
        start_logit=float(read.start_logits[context.start + start]),
        end_logit=float(read.end_logits[context.start + end]),
    )
    total = float(sums[start, end])
    return _Span(answer, total, total - float(read.start_logits[0] + read.end_logits[0]))


def _kept(found: list[_Span], lead: float, profile: Profile) -> list[_Span]:
    """Return a document's best by confidence, each place once: one more than it may give.

    "No answer" of the document takes one of the places where its confidence is high enough.
    """
    once: dict[tuple[int, int], _Span] = {}
    for span in found:
        place = (span.answer.start, span.answer.end)
        if place not in once or span.sum > once[place].sum:
            once[place] = span
    null = sigmoid((max(span.sum for span in found) - lead) / _SCALE)
    ranked = sorted(once.values(), key=lambda span: -span.answer.score)
    sure = sum(span.answer.score > null for span in ranked)
    room = profile.n_best + 1 - (sure <= profile.n_best)
    return [span for span in ranked[:room] if span.answer.text]


def _text(passage: PassageTokens, start: int, end: int) -> tuple[str, int, int]:
    """Return the text from a token to the one that follows another, less the white space around."""
    begin_char = passage.offsets[start][0]
    is_last = end + 1 == len(passage.offsets)
    end_char = len(passage.text) if is_last else passage.offsets[end + 1][0]
    text = passage.text[begin_char:end_char]
    begin_char += len(text) - len(text.lstrip())
    text = text.strip()
    return text, begin_char, begin_char + len(text)
