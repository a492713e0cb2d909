"""What two features say together, without either ever counting against its direction.

Each feature is taken as a share, 0 at two spreads below what is usual, 1 at two above, turned so that
more is better. Of two, a pair may ask for both (``score and mass``: their product) or for one
(``score or mass``: what is left when both are missing). Of one without a direction, such as the
length of the answer, it says that another counts more with much or with little of it. Weights of
both kinds are never negative, so the probability never falls as a feature gets better; only between
two features without a direction may a pair have either sign. Most weights of a fit are 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Self

import numpy as np
import numpy.typing as npt

from .features import FEATURES

Matrix = npt.NDArray[np.float64]

REACH = 2.0
"""Spreads from what is usual to a share of 0 or 1."""

_DIRECTION = np.array([feature.direction for feature in FEATURES])
# Hardly ever other than usual in the calibration, or left out of the fit: no pairs with these.
_ALONE = frozenset(("agreement", "passage_words", "n_passages"))


@dataclass(frozen=True, slots=True)
class Pair:
    """A number made of the shares of two features, or of one feature twice.

    Attributes:
        direction: 1 if its weight is never negative, 0 if it may be.
        is_either: whether one of the two is enough.
        is_without: whether the second counts by what it lacks.
    """

    first: int
    second: int
    direction: int = 1
    is_either: bool = False
    is_without: bool = False

    @property
    def name(self) -> str:
        """The name in ``confidence.json``."""
        first, second = (FEATURES[place].name for place in (self.first, self.second))
        word = "or" if self.is_either else "without" if self.is_without else "and"
        return f"{first} {word} {second}"


def _pairs() -> Iterator[Pair]:
    paired = [(place, f) for place, f in enumerate(FEATURES) if f.name not in _ALONE]
    directed = [place for place, f in paired if f.direction]
    free = [place for place, f in paired if not f.direction]
    for first, second in combinations_with_replacement(directed, 2):
        yield Pair(first, second)
        yield Pair(first, second, is_either=True)
    for first in directed:
        for second in free:
            yield Pair(first, second)
            yield Pair(first, second, is_without=True)
    for first, second in combinations_with_replacement(free, 2):
        yield Pair(first, second, direction=0)


PAIRS = tuple(_pairs())
"""All that a fit may choose from."""


def shares(features: Matrix, usual: Matrix, spread: Matrix) -> Matrix:
    """Return each feature as a share, 0 to 1, more being better where it has a direction.

    Args:
        features: (n_questions, n_features), NaN where unknown: then a half.
        usual: of each feature.
        spread: of each, above 0.
    """
    turned = np.where(_DIRECTION < 0, -1.0, 1.0) * (features - usual) / (2 * REACH * spread)
    share: Matrix = np.clip(np.nan_to_num(turned, nan=0.0) + 0.5, 0.0, 1.0)
    return share


def pair_values(share: Matrix, pairs: Sequence[Pair]) -> Matrix:
    """Return the number that each pair makes of the shares, 0 to 1: (n_questions, n_pairs)."""
    first = share[:, [pair.first for pair in pairs]]
    second = share[:, [pair.second for pair in pairs]]
    is_either = np.array([pair.is_either for pair in pairs], dtype=np.bool_)
    is_without = np.array([pair.is_without for pair in pairs], dtype=np.bool_)
    both = first * np.where(is_without, 1.0 - second, second)
    values: Matrix = np.where(is_either, first + second - both, both)
    return values


@dataclass(frozen=True, slots=True)
class Together:
    """What pairs of features add to the log-odds of a calibration.

    Attributes:
        pairs: those with a weight.
        weights: of each, in log-odds between a share of 0 and of 1.
        usual: of each feature, where its share is a half.
        spread: of each feature.
    """

    pairs: tuple[Pair, ...]
    weights: tuple[float, ...]
    usual: tuple[float, ...]
    spread: tuple[float, ...]

    def log_odds(self, features: Matrix) -> Matrix:
        """Return what they add for each row of features, (n_questions,)."""
        share = shares(features, np.asarray(self.usual), np.asarray(self.spread))
        added: Matrix = pair_values(share, self.pairs) @ np.asarray(self.weights)
        return added

    def scaled(self, slope: float) -> Self:
        """Return the same with all weights so many times as large."""
        return replace(self, weights=tuple(slope * weight for weight in self.weights))
