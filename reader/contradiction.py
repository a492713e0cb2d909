"""Whether two answers say different things: by their numbers, else by their words.

Rules that lean to agreement: two ways to write one thing must not look like a conflict.
"""

import re
from collections.abc import Sequence

from answerable.index import STOP_WORDS

from .answer_text import normalize_answer, token_f1
from .quantities import read_quantities

_SAME_F1 = 0.5  # token F1 from which two texts may be one answer
_MOST_WORDS = 5  # of meaning: longer phrases say too much to be compared word by word
_NEGATIONS = frozenset("no not never none nor neither without cannot".split())
_CONTRACTION = re.compile(
    r"\b(?:[a-z]+n['\N{RIGHT SINGLE QUOTATION MARK}]t|(?:ai|are|ca|could|did|do|does|had|has|have|is|must"
    r"|need|should|was|were|wo|would)nt)\b"
)
# A capital that stands alone as a name: Room B, Plan A; not the initial of John F. Kennedy.
_LETTER = re.compile(r"(?<![\w'’.&/-])[B-HJ-Z](?![\w'’&/-]|\.\s*\S)")
_A_OR_I = re.compile(r"(?:^|(?<=\w )|(?<=\w\())[AI](?=\W*$|[,;:)] | (?:and|or) )")
_TITLES = frozenset("mr mrs ms miss dr prof professor sir".split())


def is_contradiction(first: str, second: str) -> bool:
    """Say whether two answers to one question cannot both be what was asked for.

    - Both hold numbers: they contradict unless the numbers of one are among those of the
      other and their units, months and weekdays can be the same, or where one is the most
      of what the other is the least. Words and figures are equal (four, 4), so are 1,000
      and 1.000; nothing is converted (28 days, 4 weeks).
    - Neither does: they contradict, if short, where one is negated and the other is not, or where
      neither's words are among the other's and half of them or fewer are shared.
    - Only one does: too different to compare; no contradiction.
    - Whether they do or not: they contradict, if short, where each names a letter that the
      other does not (Room A, Room B).
    """
    counted, other = read_quantities(first), read_quantities(second)
    if bool(counted.numbers) != bool(other.numbers):
        return False
    if _name_other_letters(first, second):
        return True
    if counted.numbers:
        return not counted.can_agree(other)
    return _is_contradiction_in_words(first, second)


def is_right_answer(text: str, answers: Sequence[str]) -> bool:
    """Say whether a text is one of some right answers, in about their words.

    Token F1 of at least 0.5 with one that it does not contradict: 27 days is not 25 days,
    though half of the words are the same; or the same number in other words or figures. A text
    that is nothing but articles and punctuation, as the vitamin A, is compared as it stands.

    Args:
        text: of the answer.
        answers: right ones; none if there is none, and then nothing is right.
    """
    return any(_is_same_answer(text, answer) for answer in answers if answer.strip())


def _is_same_answer(text: str, answer: str) -> bool:
    if not (normalize_answer(text) and normalize_answer(answer)):
        return text.strip().casefold() == answer.strip().casefold()
    is_same = token_f1(text, answer) >= _SAME_F1 or read_quantities(text).is_same(
        read_quantities(answer)
    )
    return is_same and not is_contradiction(text, answer)


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


def _name_other_letters(first: str, second: str) -> bool:
    letters, others = _letters(first), _letters(second)
    return (
        bool(letters and others)
        and letters.isdisjoint(others)
        and max(len(_content_words(first)), len(_content_words(second))) <= _MOST_WORDS
    )


def _letters(text: str) -> set[str]:
    return {*_LETTER.findall(text), *_A_OR_I.findall(text)}


def _content_words(text: str) -> list[str]:
    """Return the words that carry meaning, plurals without their s."""
    words = _normalized(text.replace("-", " ")).split()
    kept = (word for word in words if word not in STOP_WORDS and word not in _TITLES)
    return [word.removesuffix("s") if len(word) > 3 else word for word in kept]


def _is_negated(text: str) -> bool:
    return not _NEGATIONS.isdisjoint(_normalized(text).split())


def _normalized(text: str) -> str:
    """Return the normalized text, isn't, dont and the like being one word, which is no stop word."""
    return normalize_answer(_CONTRACTION.sub("cannot", text.lower()))


def _is_acronym(words: list[str], others: list[str]) -> bool:
    """Whether the first is made of the initials of the second, as HR of human resources."""
    initials = "".join(word[0] for word in others)
    return len(words) == 1 and len(others) > 1 and words[0] == initials
