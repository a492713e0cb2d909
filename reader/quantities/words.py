"""Numbers in words, put together word by word: two million five hundred thousand."""

import math
from dataclasses import dataclass, field

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
).split()

VALUES = {word: float(value) for value, word in enumerate(_SMALL)}
VALUES |= {word: 10.0 * value for value, word in enumerate(_TENS, start=2)}
VALUES |= {word: float(value) for value, word in enumerate(_ORDINALS, start=1)}
VALUES |= {f"{word[:-1]}ieth": 10.0 * value for value, word in enumerate(_TENS, start=2)}
"""What a word adds to a number."""

SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
SCALES |= {f"{scale}s": value for scale, value in SCALES.items()}
"""What a word multiplies the number before it by."""


@dataclass(slots=True)
class NumberWords:
    """Takes the parts of numbers in their order; a part that does not fit begins a new number.

    Attributes:
        finished: the numbers so far, without the one that may still go on.
    """

    finished: list[float] = field(default_factory=list)
    _total: float = 0.0  # of the parts that have a scale: two million, five hundred thousand
    _scale: float = math.inf  # of the last of these; that of the next is smaller
    _group: float | None = None  # what has no scale yet, as the five hundred of five hundred days

    @property
    def is_round(self) -> bool:
        """Whether "and" may go on with the number: two hundred and fifty."""
        if self._group is None:
            return self._is_scaled
        return self._group >= 100 and self._group % 100 == 0

    def add_value(self, value: float) -> None:
        """Take a number word, as twenty or eight."""
        if not self._can_add(value):
            self.finish()
        self._group = (self._group or 0.0) + value

    def add_half(self) -> None:
        """Take a half if there is a whole before it: two and a half."""
        if self._group is not None and self._group % 1 == 0:
            self._group += 0.5

    def add_figure(self, value: float) -> None:
        """Take a figure that a scale follows: the 2 of 2 million, and the 500 of 500 thousand."""
        if self._group is not None:
            self.finish()
        self._group = value

    def add_scale(self, scale: float) -> None:
        """Take a scale; it is left out if there is nothing to multiply."""
        if scale == 100:
            self._add_hundred()
        elif self._group is None:
            self._total *= scale
        else:
            group, self._group = self._group, None
            if scale >= self._scale:  # one thousand and two thousand
                self.finish()
            self._total, self._scale = self._total + group * scale, scale

    def finish(self) -> None:
        """End the number, if there is one."""
        if self._is_scaled or self._group is not None:
            self.finished.append(self._total + (self._group or 0.0))
        self._total, self._scale, self._group = 0.0, math.inf, None

    @property
    def _is_scaled(self) -> bool:
        return self._scale < math.inf

    def _add_hundred(self) -> None:
        if self._group is None:
            return
        below = self._group % 100
        if self._group > 100 and below > 0:  # one hundred and two hundred
            self._group -= below
            self.finish()
            self._group = below
        self._group *= 100

    def _can_add(self, value: float) -> bool:
        if self._group is None:
            return self._is_scaled
        below = self._group % 100
        if self._group >= 100 and below == 0:
            return value < 100
        return 0 < value < 10 and below >= 20 and below % 10 == 0
