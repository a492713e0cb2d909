"""All spans of all passages, ranked on one scale together with "no answer".

The scale is the log-odds of a span against its own window's null score. Each
window's softmax runs over its spans and its null together, so the difference
means the same in every window, whatever the window's logits are; a raw logit
sum does not. "No answer" stands at 0 on it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from answerable.index import Passage

from .signs import says_something
from .spans import Logits, best_token_spans
from .windows import Window

Place = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class SpanLogits:
    """What the model gave a span: the logits of its ends, and those of "no answer" beside it.

    Attributes:
        start: raw logit of its first token as a start.
        end: raw logit of its last token as an end.
        null_start: start logit at position 0 of its window.
        null_end: end logit there.
    """

    start: float
    end: float
    null_start: float
    null_end: float


@dataclass(frozen=True, slots=True)
class ScoredSpan:
    """A slice of a document with its log-odds against "no answer"; offsets as in ``Span``.

    Attributes:
        logits: where the score is from, without the passage's prior; None if no model gave it.
    """

    passage_id: int
    document_id: int
    start: int
    end: int
    text: str
    score: float
    logits: SpanLogits | None = None

    @property
    def place(self) -> Place:
        """Where it is: its document, and from where to where in it."""
        return self.document_id, self.start, self.end


def window_spans(
    window: Window,
    passage: Passage,
    start_logits: Logits,
    end_logits: Logits,
    *,
    max_answer_tokens: int,
    n_best: int,
) -> list[ScoredSpan]:
    """Return a window's best spans as slices of the passage's document.

    Of those that say something: punctuation alone takes no place among the best.
    None for a window whose null score is no number: nothing can be measured against it.

    Args:
        window: the model input.
        passage: the passage that it was cut from.
        start_logits: (n_tokens,) float32 of the whole window.
        end_logits: (n_tokens,) float32.
        max_answer_tokens: longest answer.
        n_best: most spans to return.

    Source: the null score, start plus end logit at position 0, is that of Devlin and
        others 2019, "BERT", section 4.3.
    """
    null_start, null_end = float(start_logits[0]), float(end_logits[0])
    if not math.isfinite(null_start + null_end):
        return []
    context = slice(window.context_start, window.context_start + len(window.context_offsets))
    contents = [says_something(passage.text[begin:end]) for begin, end in window.context_offsets]
    found = best_token_spans(
        start_logits[context],
        end_logits[context],
        starts_allowed=window.may_start,
        ends_allowed=window.may_end,
        has_content=np.array(contents, dtype=np.bool_),
        max_answer_tokens=max_answer_tokens,
        n_best=n_best,
    )
    spans = []
    for span in found:
        begin = window.context_offsets[span.start_token][0]
        end = window.context_offsets[span.end_token][1]
        logits = SpanLogits(
            start=float(start_logits[window.context_start + span.start_token]),
            end=float(end_logits[window.context_start + span.end_token]),
            null_start=null_start,
            null_end=null_end,
        )
        spans.append(
            ScoredSpan(
                passage_id=passage.id,
                document_id=passage.document_id,
                start=passage.start + begin,
                end=passage.start + end,
                text=passage.text[begin:end],
                score=span.score - (null_start + null_end),
                logits=logits,
            )
        )
    return spans


def rank_spans(spans: Iterable[ScoredSpan], n_best: int) -> list[ScoredSpan]:
    """Return the best spans, best first, each place of a document at most once.

    Windows and passages overlap, so the same words are found again and again: of
    spans that overlap in one document, the best stays. Ties keep the given order. What says
    nothing, as punctuation alone, is left out.
    """
    kept: list[ScoredSpan] = []
    for span in sorted(spans, key=lambda span: -span.score):
        if len(kept) == n_best:
            break
        if says_something(span.text) and not _overlaps_any(span, kept):
            kept.append(span)
    return kept


def different_spans(spans: Iterable[ScoredSpan], n_best: int) -> list[ScoredSpan]:
    """Return the best spans that say something, best first, each text once; they may overlap.

    The candidates of one question as run_squad lists them; the first is that of
    ``rank_spans``.
    """
    kept: dict[str, ScoredSpan] = {}
    for span in sorted(spans, key=lambda span: -span.score):
        if len(kept) == n_best:
            break
        if says_something(span.text):
            kept.setdefault(span.text, span)
    return list(kept.values())


def _overlaps_any(span: ScoredSpan, kept: Sequence[ScoredSpan]) -> bool:
    return any(
        span.document_id == other.document_id and span.start < other.end and other.start < span.end
        for other in kept
    )
