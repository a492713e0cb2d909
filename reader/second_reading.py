"""The best answer read a second time, in its sentence alone.

A passage that is about the question lends its answer more trust than it deserves: words far from
it match as well. A sentence that gives the answer by itself is better evidence, and one that does
not is a warning. It costs a short window.
"""

from collections.abc import Sequence
from dataclasses import replace

from answerable.index import Passage, sentence_bounds

from .ranking import ScoredSpan
from .spans import Logits
from .windows import Window

Place = tuple[int, int, int]


def place_of(span: ScoredSpan) -> Place:
    """Return where a span is: its document, and from where to where in it."""
    return span.document_id, span.start, span.end


def sentence_of(span: ScoredSpan, passages: Sequence[Passage]) -> Passage:
    """Return the sentence of a span, or the sentences, as a passage of its own."""
    passage = next(one for one in passages if one.id == span.passage_id)
    first, last = sentence_bounds(
        passage.text, span.start - passage.start, span.end - passage.start
    )
    return replace(
        passage,
        text=passage.text[first:last],
        start=passage.start + first,
        end=passage.start + last,
    )


def score_in(window: Window, logits: tuple[Logits, Logits], begin: int, end: int) -> float | None:
    """Return the log-odds of a window's text[begin:end] against "no answer".

    Args:
        window: of the sentence.
        logits: of starts and of ends, each (n_tokens,) float32.
        begin: code points from where the sentence begins.
        end: likewise.

    Returns:
        None if the window does not hold the text, or cuts its first or last token otherwise.
    """
    starts, ends = zip(*window.context_offsets, strict=True)
    if begin not in starts or end not in ends:
        return None
    first, last = starts.index(begin), len(ends) - 1 - ends[::-1].index(end)
    start_logits, end_logits = logits
    given = start_logits[window.context_start + first] + end_logits[window.context_start + last]
    return float(given - start_logits[0] - end_logits[0])
