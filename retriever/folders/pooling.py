"""From the vectors of tokens to the vector of a text, in NumPy: the six modes of the library.

Source: the definitions in the documentation of Sentence Transformers' ``Pooling`` module.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from answerable.index import Vectors

Mask = npt.NDArray[np.float32]

_LEAST = 1e-9  # keeps an empty sum from being a division by zero


def pool(
    hidden: Vectors, attention_mask: npt.NDArray[np.int64], modes: Sequence[str], skip: int
) -> Vectors:
    """Return the joined results of pooling modes, (n_texts, width * n_modes) float32.

    Args:
        hidden: (n_texts, n_tokens, width).
        attention_mask: (n_texts, n_tokens); padding, if any, is at the end.
        modes: names as in ``configuration.POOLING_MODES``.
        skip: leading tokens that do not count: those of a prompt that is not included.
    """
    mask = attention_mask.astype(np.float32)
    mask[:, :skip] = 0
    return np.concatenate([_MODES[mode](hidden, mask) for mode in modes], axis=1)


def _cls(hidden: Vectors, mask: Mask) -> Vectors:
    return _at(hidden, mask.argmax(axis=1))


def _last(hidden: Vectors, mask: Mask) -> Vectors:
    return _at(hidden, mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1))


def _at(hidden: Vectors, places: npt.NDArray[np.intp]) -> Vectors:
    chosen: Vectors = hidden[np.arange(len(hidden)), places]
    return chosen


def _max(hidden: Vectors, mask: Mask) -> Vectors:
    largest: Vectors = np.where(mask[:, :, None] > 0, hidden, np.float32(-np.inf)).max(axis=1)
    return largest


def _mean(hidden: Vectors, mask: Mask) -> Vectors:
    return _weighted(hidden, mask, mask.sum(axis=1))


def _mean_of_root(hidden: Vectors, mask: Mask) -> Vectors:
    return _weighted(hidden, mask, np.sqrt(mask.sum(axis=1)))


def _position_mean(hidden: Vectors, mask: Mask) -> Vectors:
    weights = mask * np.arange(1, mask.shape[1] + 1, dtype=np.float32)
    return _weighted(hidden, weights, weights.sum(axis=1))


def _weighted(hidden: Vectors, weights: Mask, divisor: Mask) -> Vectors:
    total = np.einsum("nld,nl->nd", hidden, weights)
    result: Vectors = total / np.maximum(divisor, _LEAST)[:, None]
    return result


_MODES: dict[str, Callable[[Vectors, Mask], Vectors]] = {
    "cls": _cls,
    "lasttoken": _last,
    "max": _max,
    "mean": _mean,
    "mean_sqrt_len_tokens": _mean_of_root,
    "weightedmean": _position_mean,
}
