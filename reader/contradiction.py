"""Whether two answers say different things: by their numbers, else by their words.

Rules that lean to agreement: two ways to write one thing must not look like a conflict.
"""

import re
from collections.abc import Sequence

from answerable.index import STOP_WORDS

from .answer_text import normalize_answer, token_f1

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_VALUES = {word: float(value) for value, word in enumerate(_SMALL)}
_VALUES |= {word: 10.0 * value for value, word in enumerate(_TENS, start=2)}
_VALUES |= {word: float(value) for value, word in enumerate(_ORDINALS, start=1)}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_SCALES |= {f"{scale}s": value for scale, value in _SCALES.items()}

_UNITS = {
    "percent": "% percent pct",
    "euro": "€ eur euro euros",
    "dollar": "$ usd dollar dollars",
    "pound": "£ gbp pound pounds",
    "second": "second seconds sec",
    "minute": "minute minutes min",
    "hour": "hour hours",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years annual",
    "am": "am a.m",
    "pm": "pm p.m",
}
_NAMED = (
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
).split()
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_UNIT_OF |= {word: word for word in _NAMED} | {word[:3]: word for word in _NAMED}
_UNIT_OF["sept"] = "september"

# A clock time, a figure with or without thousands separators, a word, or a sign of money.
_TOKEN = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)"
    r"|(?P<figure>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:st|nd|rd|th)?"
    r"|(?P<word>[^\W\d_]+(?:\.[^\W\d_]+)*|[%€$£])"
)
_SAME_F1 = 0.5  # token F1 from which two texts may be one answer
_MOST_WORDS = 5  # of meaning: longer phrases say too much to be compared word by word
_NEGATIONS = frozenset(("no", "not", "never", "without", "cannot"))
_TITLES = frozenset("mr mrs ms miss dr prof professor sir".split())


def is_contradiction(first: str, second: str) -> bool:
    """Say whether two answers to one question cannot both be what was asked for.

    - Both hold numbers: they contradict unless the numbers of one are among those of the
      other and their units, months and weekdays can be the same. Words and figures are
      equal (four, 4), so are 1,000 and 1000; nothing is converted (28 days, 4 weeks).
    - Neither does: they contradict, if short, where one is negated and the other is not, or where
      neither's words are among the other's and half of them or fewer are shared.
    - Only one does: too different to compare; no contradiction.
    """
    numbers, others = _quantities(first), _quantities(second)
    if bool(numbers) != bool(others):
        return False
    if numbers:
        if not (numbers <= others or others <= numbers):
            return True
        units, other_units = _units(first), _units(second)
        return bool(units and other_units) and not units & other_units
    return _is_contradiction_in_words(first, second)


def is_right_answer(text: str, answers: Sequence[str]) -> bool:
    """Say whether a text is one of some right answers, in about their words.

    Token F1 of at least 0.5 with one that it does not contradict: 27 days is not 25 days,
    though half of the words are the same.

    Args:
        text: of the answer.
        answers: right ones; none if there is none, and then nothing is right.
    """
    return any(
        token_f1(text, answer) >= _SAME_F1 and not is_contradiction(text, answer)
        for answer in answers
        if normalize_answer(answer)
    )


def _is_contradiction_in_words(first: str, second: str) -> bool:
    words, others = _content_words(first), _content_words(second)
    if not 0 < len(words) <= _MOST_WORDS or not 0 < len(others) <= _MOST_WORDS:
        return False
    if set(words) <= set(others) or set(others) <= set(words):
        return _is_negated(first) != _is_negated(second)
    if (
        "".join(words) == "".join(others)
        or _is_acronym(words, others)
        or _is_acronym(others, words)
    ):
        return False
    return token_f1(" ".join(words), " ".join(others)) <= 0.5


def _quantities(text: str) -> frozenset[float]:
    """Return the numbers that a text holds, in figures or words."""
    found: list[float] = []
    current: float | None = None  # what the number words or the figure before come to so far
    for match in _TOKEN.finditer(text.lower()):
        word = match["word"]
        if word in _SCALES and current is not None:
            current *= _SCALES[word]
        elif word in _VALUES and current is not None and _VALUES[word] < current < 1e6:
            current += _VALUES[word]  # twenty-eight; two hundred (and) fifty
        elif word == "and" and current is not None and current >= 100:
            continue
        else:
            found += [current] if current is not None else []
            current = _VALUES.get(word) if word else _figure(match)
    found += [current] if current is not None else []
    return frozenset(found)


def _figure(match: re.Match[str]) -> float:
    if match["hour"]:
        return int(match["hour"]) + int(match["minute"]) / 60
    return float(match["figure"].replace(",", ""))


def _units(text: str) -> frozenset[str]:
    words = (match["word"] for match in _TOKEN.finditer(text.lower()))
    return frozenset(_UNIT_OF[word] for word in words if word in _UNIT_OF)


def _content_words(text: str) -> list[str]:
    """Return the words that carry meaning, plurals without their s."""
    words = normalize_answer(text.replace("-", " ")).split()
    kept = (word for word in words if word not in STOP_WORDS and word not in _TITLES)
    return [word.removesuffix("s") if len(word) > 3 else word for word in kept]


def _is_negated(text: str) -> bool:
    return not _NEGATIONS.isdisjoint(normalize_answer(text).split())


def _is_acronym(words: list[str], others: list[str]) -> bool:
    """Whether the first is made of the initials of the second, as HR of human resources."""
    initials = "".join(word[0] for word in others)
    return len(words) == 1 and len(others) > 1 and words[0] == initials
