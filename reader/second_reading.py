"""The best answer read a second time, in its sentence alone.

A passage that is about the question lends its answer more trust than it deserves: words far from
it match as well. A sentence that gives the answer by itself is better evidence, and one that does
not is a warning. It costs a short window.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from answerable.index import Passage, sentence_bounds

from .confidence import Reading
from .ranking import ScoredSpan
from .spans import Logits
from .windows import Window, WindowMaker, WindowScorer, caption_of


def read_again(
    reading: Reading, span: ScoredSpan, maker: WindowMaker, scorer: WindowScorer
) -> Reading:
    """Add the score that a span gets when nothing but its sentence is read.

    Args:
        reading: of the whole passages.
        span: one of its spans.
        maker: of windows.
        scorer: of their tokens.
    """
    sentence = sentence_of(span, reading.passages)
    if sentence in reading.passages:
        return reading
    windows = maker.windows(reading.question, [sentence.text], [caption_of(sentence)])
    begin, end = span.start - sentence.start, span.end - sentence.start
    scores = [
        score_in(window, logits, begin, end)
        for window, logits in zip(windows, scorer.logits(windows), strict=True)
    ]
    best = max((score for score in scores if score is not None), default=None)
    if best is None:
        return reading
    return replace(reading, alone={**reading.alone, span.place: best})


def sentence_of(span: ScoredSpan, passages: Sequence[Passage]) -> Passage:
    """Return the sentence of a span, or the sentences, as a passage of its own."""
    passage = next(one for one in passages if one.id == span.passage_id)
    begin, end = span.start - passage.start, span.end - passage.start
    first, last = sentence_bounds(passage.text, begin, end)
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
        None if the window does not hold the text, or cuts its first or last token otherwise, or
        if the model gives no numbers.
    """
    starts, ends = zip(*window.context_offsets, strict=True)
    if begin not in starts or end not in ends:
        return None
    first, last = starts.index(begin), len(ends) - 1 - ends[::-1].index(end)
    start_logits, end_logits = logits
    given = start_logits[window.context_start + first] + end_logits[window.context_start + last]
    score = float(given - start_logits[0] - end_logits[0])
    return score if math.isfinite(score) else None
