"""Exact search for the best answer spans of one window.

Pure numpy; the brute-force oracle is in the tests.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """An answer in tokens, both ends inclusive, with start plus end logit as its score."""

    start_token: int
    end_token: int
    score: float


def best_token_spans(
    start_logits: Logits,
    end_logits: Logits,
    *,
    starts_allowed: npt.NDArray[np.bool_],
    ends_allowed: npt.NDArray[np.bool_],
    has_content: npt.NDArray[np.bool_],
    max_answer_tokens: int,
    n_best: int,
) -> list[TokenSpan]:
    """Return the n best valid spans: end not before start, at most max_answer_tokens long.

    One without any token of content is not valid. Exact: every valid pair is scored. Ties go
    to the earlier start, then to the shorter span. A token whose logit is no finite number
    neither begins nor ends one.

    Args:
        start_logits: (n_context,) float32, context tokens only.
        end_logits: (n_context,) float32.
        starts_allowed: (n_context,) bool.
        ends_allowed: (n_context,) bool.
        has_content: (n_context,) bool; false for punctuation.
        max_answer_tokens: longest span, in tokens.
        n_best: most spans to return.
    """
    n_tokens = len(start_logits)
    if n_tokens == 0 or n_best < 1:
        return []
    length = min(max_answer_tokens, n_tokens)
    starts = np.where(starts_allowed & np.isfinite(start_logits), start_logits, -np.inf)
    ends = np.where(ends_allowed & np.isfinite(end_logits), end_logits, -np.inf)
    padded = np.concatenate([ends, np.full(length - 1, -np.inf, dtype=np.float32)])
    # scores[i, j]: the span that starts at token i and is j + 1 tokens long.
    scores = starts[:, None] + np.lib.stride_tricks.sliding_window_view(padded, length)
    scores[_lengths_without_content(has_content, length)] = -np.inf
    flat = scores.ravel()
    keep = min(n_best, flat.size)
    kth = np.partition(flat, flat.size - keep)[flat.size - keep]
    chosen = np.flatnonzero(flat >= kth)
    order = chosen[np.argsort(-flat[chosen], kind="stable")][:keep]
    return [
        TokenSpan(int(i // length), int(i // length + i % length), float(flat[i]))
        for i in order
        if np.isfinite(flat[i])
    ]


def _lengths_without_content(
    has_content: npt.NDArray[np.bool_], length: int
) -> npt.NDArray[np.bool_]:
    """Return (n_context, length) bool: whether the j + 1 tokens from token i on all lack content."""
    places = np.arange(len(has_content))
    with_content = np.where(has_content, places, len(has_content))
    next_content = np.minimum.accumulate(with_content[::-1])[::-1]
    return np.arange(length)[None, :] < (next_content - places)[:, None]
