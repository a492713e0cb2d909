"""Weights to 8-bit codes whose products no processor gets wrong.

Processors without VNNI add two products of an unsigned and a signed byte in 16 bits and
saturate: 255 * 127 + 255 * 127 does not fit. The usual answer is 7-bit weights. But a pair
overflows only where two neighbours in a column are large and of one sign, which is rare: so
the codes here use 8 bits and hold each pair's sum to what fits.

Source of the pairs: vpmaddubsw multiplies bytes 2i and 2i+1 along the summed dimension and
adds the two products with saturation (Intel 64 manual, PMADDUBSW).
"""

import numpy as np
import numpy.typing as npt

from .bert_model import Codes, Floats

_LARGEST_PAIR = 128  # 255 * 128 = 32,640 is below 32,767
_LARGEST = 127
_SEVEN_BIT_LARGEST = 64
# Largest code of a column; fewer steps leave more pairs whole. The best is found per column.
_LARGEST_TRIED = (64, 72, 80, 88, 96, 104, 112, 120, 127)


def weight_codes(weight: Floats, importance: Floats, bits: int = 8) -> Codes:
    """Return symmetric codes of a matrix, one scale per column.

    No two neighbouring rows 2i and 2i+1 hold codes in one column that add up to more than 128.

    Args:
        weight: (n_in, n_out).
        importance: (n_in,), the mean square of each input: what an error in its row costs.
        bits: 7 for codes of -64 to 64; 8 for -127 to 127 with pairs held back.
    """
    peaks = np.abs(weight).max(axis=0)
    peaks[peaks == 0] = 1
    best = np.full(peaks.shape, np.inf)
    scale = np.ones_like(peaks)
    steps = np.zeros(weight.shape, np.int8)
    for largest in (_SEVEN_BIT_LARGEST,) if bits == 7 else _LARGEST_TRIED:
        tried_scale = (peaks / largest).astype(np.float32)
        tried = _held_back(np.rint(weight / tried_scale).astype(np.int16))
        error = np.einsum("io,i->o", (tried * tried_scale - weight) ** 2, importance)
        better = error < best
        best = np.where(better, error, best)
        scale = np.where(better, tried_scale, scale).astype(np.float32)
        steps[:, better] = tried[:, better]
    return Codes(steps, scale)


def _held_back(steps: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """Take what a pair has too much from both of its codes alike."""
    steps = np.clip(steps, -_LARGEST, _LARGEST)
    even = steps[0 : len(steps) - 1 : 2]
    odd = steps[1::2]
    total = even + odd
    excess = np.maximum(np.abs(total) - _LARGEST_PAIR, 0) * np.sign(total)
    half = excess // 2
    even -= half  # views: these write to steps
    odd -= excess - half
    return steps.astype(np.int8)
