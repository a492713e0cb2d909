"""The signs of numbers: minus, and what only looks like it, as the dash of a range or a list."""

from collections.abc import Sequence

from answerable.index import STOP_WORDS

from .figures import Reading
from .found import Number
from .tokens import Token
from .units import MONEY_WORDS

MINUS = frozenset(("minus", "negative"))
_MINUS_SIGNS = ("-", "\N{MINUS SIGN}")
_DASHES = ("\N{EN DASH}", "\N{FIGURE DASH}", "\N{NON-BREAKING HYPHEN}")  # they begin lists, too
_BEFORE_SIGN = (
    STOP_WORDS | MINUS | frozenset("between exceed least less most than under until".split())
)
_DOWNWARD = frozenset(
    "cut cuts debt decline declined decrease decreased deficit discount down drop dropped fall "
    "fell freezing less loss losses lost lower owed reduced reduction shrank zero".split()
)


def signed(tokens: Sequence[Token], number: Number) -> tuple[Reading, ...]:
    """Return the readings of a number with its sign; with both where a dash may be something else."""
    token, place = tokens[number.first], number.first
    if place and tokens[place - 1]["word"] in MONEY_WORDS and _gap(tokens, place) == "":
        token, place = tokens[place - 1], place - 1  # -$5
    before = tokens[place - 1] if place else None
    if before and before["word"] in MINUS and not _gap(tokens, place).strip():
        return _negative(number.readings)
    end = token.start()
    begins = token.string[max(end - 2, 0) : end]
    if begins[-1:] not in _MINUS_SIGNS + _DASHES or begins[:-1].strip() not in ("", "("):
        return number.readings
    if before and before["figure"]:
        return number.readings
    is_minus = begins[-1:] in _MINUS_SIGNS
    if is_minus and (before is None or before["word"] in _BEFORE_SIGN):
        return _negative(number.readings)
    return _negative(number.readings) + number.readings


def goes_down(tokens: Sequence[Token]) -> bool:
    """Whether a text speaks of losses and the like, so that 5 may be what another calls -5."""
    return any(token["word"] in _DOWNWARD for token in tokens)


def _gap(tokens: Sequence[Token], place: int) -> str:
    """Return what lies between a token and the one before."""
    token = tokens[place]
    return token.string[tokens[place - 1].end() : token.start()]


def _negative(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    return tuple(
        (-one[0],) if len(one) == 1 and isinstance(one[0], float) else one for one in readings
    )
