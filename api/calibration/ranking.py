"""All questions asked, in the order in which their answers would be given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ..evaluation.asking import AskedQuestion
from . import figures


@dataclass(frozen=True, slots=True)
class Ranking:
    """All questions asked; those that no limit lets through come last, and count as wrong.

    Attributes:
        is_usable: (n_asked,) whether an answer could be given.
        is_right: (n_asked,) whether it would be right.
        samples: bootstrap samples of all questions.
    """

    is_usable: figures.Flags
    is_right: figures.Flags
    samples: list[figures.Rows]

    @classmethod
    def of(cls, asked: Sequence[AskedQuestion], usable: Sequence[AskedQuestion]) -> Self:
        """Rank questions of which some are usable."""
        kept = {id(one) for one in usable}
        is_usable = np.array([id(one) in kept for one in asked])
        is_right = is_usable & np.array([one.is_right for one in asked])
        return cls(is_usable, is_right, figures.resampled([one.question.group for one in asked]))

    def over_all(self, scores: figures.Numbers) -> figures.Numbers:
        """Return scores of the usable ones among all, (n_asked,)."""
        ranked = np.full(len(self.is_usable), -np.inf)
        ranked[self.is_usable] = scores
        return ranked

    def best(self) -> figures.Numbers:
        """Return scores by which all right answers would come first."""
        return self.is_right + np.linspace(0.5, 0.0, len(self.is_right))
