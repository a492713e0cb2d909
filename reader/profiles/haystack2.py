"""The rule of Haystack 2's ExtractiveReader: the sigmoid of a tenth of the logit sum.

Each span is scored for itself, of any length, and the trained "no answer" at position 0 is not looked
at. "No answer" scores what the 20 best answers leave of certainty were they independent: it falls with
every further candidate, however unlikely. The model is not told which tokens are the passage's.

Source: ExtractiveReader._postprocess, _nest_answers, deduplicate_by_overlap.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from .softmax import sigmoid
from .types import Profile, ProfileAnswer, ProfileDecision, ReadQuestion, ReadWindow

_CALIBRATION_FACTOR = 0.1
_OVERLAP = 0.01  # share of either answer from which two are one


def haystack2(question: ReadQuestion, profile: Profile) -> ProfileDecision:
    """Decide as the reader does: the surest span, or "no answer" where that scores more."""
    spans = [span for read in question.windows for span in _window(question, read, profile)]
    spans.sort(key=lambda span: -span.score)
    kept = _without_overlaps(spans)[: profile.n_best]
    best = kept[0] if kept else None
    null = ProfileAnswer("", math.prod(1.0 - span.score for span in kept), None, 0, 0, 0.0, 0.0)
    null_odds = null.score - best.score if best else null.score
    is_withheld = profile.may_abstain and null_odds > 0
    listed = [*kept, null] if profile.may_abstain else kept
    return ProfileDecision(
        profile=profile.name,
        best=best,
        is_withheld=is_withheld,
        score=null.score if is_withheld or best is None else best.score,
        null_odds=null_odds,
        n_best=tuple(sorted(listed, key=lambda span: -span.score)),
    )


def _window(question: ReadQuestion, read: ReadWindow, profile: Profile) -> Iterator[ProfileAnswer]:
    context = read.context
    starts, ends = read.start_logits[context], read.end_logits[context]
    sums = np.add.outer(starts, ends)
    sums[np.tril_indices(len(sums), -1)] = -np.inf
    if profile.max_answer_tokens is not None:
        sums[np.triu_indices(len(sums), profile.max_answer_tokens)] = -np.inf
    flat = sums.ravel()
    passage = question.passages[read.window.passage]
    for place in np.argsort(-flat, kind="stable")[: profile.n_best]:
        if not np.isfinite(flat[place]):
            return
        start, end = divmod(int(place), len(sums))
        begin_char = passage.offsets[read.first_token + start][0]
        end_char = passage.offsets[read.first_token + end][1]
        yield ProfileAnswer(
            text=passage.text[begin_char:end_char],
            score=sigmoid(_CALIBRATION_FACTOR * float(flat[place])),
            passage=read.window.passage,
            start=begin_char,
            end=end_char,
            start_logit=float(starts[start]),
            end_logit=float(ends[end]),
        )


def _without_overlaps(spans: Sequence[ProfileAnswer]) -> list[ProfileAnswer]:
    kept: list[ProfileAnswer] = []
    for span in spans:
        if not any(_is_same(span, other) for other in kept):
            kept.append(span)
    return kept


def _is_same(span: ProfileAnswer, other: ProfileAnswer) -> bool:
    """Whether two spans of one passage share more than a hundredth of either."""
    if span.passage != other.passage or span.start > other.end or other.start > span.end:
        return False
    lengths = other.end - other.start, span.end - span.start
    shared = min(*lengths, other.end - span.start, span.end - other.start)
    return shared > 0 and any(shared / max(1, length) > _OVERLAP for length in lengths)
