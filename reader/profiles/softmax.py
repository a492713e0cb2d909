"""Softmax, as every rule takes it over something else."""

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def softmax(scores: npt.ArrayLike) -> Numbers:
    """Return the softmax of some scores, (n,) float64; empty for none."""
    values = np.asarray(scores, dtype=np.float64)
    exponents = np.exp(values - values.max(initial=-np.inf))
    shares: Numbers = exponents / exponents.sum()
    return shares


def sigmoid(x: float) -> float:
    """Return the logistic function of x, 0 to 1."""
    return float(1.0 / (1.0 + np.exp(-x))) if x >= 0 else float(np.exp(x) / (1.0 + np.exp(x)))
