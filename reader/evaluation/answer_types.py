"""What kind of thing answers a question, what it is asked with, how long the passage is.

Rules over words, no model: the same text always falls into the same group, and the rules
can be read here. They are coarse, which is enough to see where a reader is weak.
"""

import re
from typing import Literal

from .squad import SquadQuestion

AnswerType = Literal[
    "none",
    "date",
    "number",
    "clause",
    "person",
    "other entity",
    "verb phrase",
    "adjective",
    "other phrase",
]
ANSWER_TYPES: tuple[AnswerType, ...] = (
    "date",
    "number",
    "person",
    "other entity",
    "adjective",
    "verb phrase",
    "other phrase",
    "clause",
    "none",
)
QUESTION_WORDS = (
    "what",
    "who",
    "which",
    "when",
    "where",
    "why",
    "how many",
    "how",
    "yes or no",
    "other",
)
LENGTH_LIMITS = (75, 125, 200, 300)
"""Upper ends of the passage groups, in words between white space."""

_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
)
_DAYS = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
_DATE = re.compile(
    rf"\b(?:{_MONTHS})\b\.? ?\d|\d(?:st|nd|rd|th)?(?: of)? (?:{_MONTHS})\b"
    rf"|^(?:(?:in|early|mid|late|the) )*(?:{_MONTHS})$|\b{_DAYS}\b"
    r"|\b(?:century|centuries|millennium)\b(?! [a-z])|\b(?:BC|BCE|AD)\b|\b\d{3,4}s\b"
)
# A year alone, or a span of years: what is left without years is one of these words or a dash.
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
_ROUND_YEARS = frozenset(
    "about after and around before between by c ca circa during early fall from in late mid"
    " of since spring summer autumn the through to until winter year years".split()
)
_NUMBER_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen"
    "|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy"
    "|eighty|ninety|hundreds?|thousands?|millions?|billions?|trillions?|dozens?|half|twice|once"
)
_LEAD = (
    "a|about|above|almost|approximately|around|at least|at most|below|between|exactly|fewer than"
    "|just|less than|more than|nearly|only|over|roughly|some|the|under|up to"
)
_NUMBER = re.compile(
    rf"(?:(?:{_LEAD})\s+)*(?:[^\w\s]{{0,3}}\d|(?:US|C|A|NZ|HK)?[$€£¥]\s?\d|(?:{_NUMBER_WORDS})\b)",
    re.IGNORECASE,
)
_SMALL_WORDS = frozenset(
    "a an and as at by de der di du for from in la le of on or the to van von with".split()
)
_ADJECTIVE = re.compile(r"\w{2,}(?:able|ible|al|ful|ic|ical|ish|ive|less|ous|ary|ern)$")
_ADVERB = re.compile(r"\w{3,}ly$")
_VERB = re.compile(r"(?:to\s+[a-z]+|[a-z]{2,}ing|[a-z]{2,}ed)(?![\w-])")
_CLAUSE_WORDS = 9
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_QUESTION_WORD = re.compile(
    r"\b(?:(how\s+(?:many|much))|(what|which|when|where|why|how)|(who|whom|whose))\b",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"\W*(?:am|are|can|could|did|do|does|had|has|have|is|may|might|must|shall|should|was|were"
    r"|will|would)\b",
    re.IGNORECASE,
)


def answer_type(question: SquadQuestion) -> AnswerType:
    """Return the kind of a question's first reference answer; the first rule that fits.

    - none: the context holds no answer.
    - clause: nine words or more.
    - date: a month with a day or year, or alone; a weekday; a century or era; a year or years
      with nothing but prepositions and the like, unless the question asks how many or much.
    - number: begins with a figure, an amount of money or a number word, words such as
      "about" before it not counted.
    - person: capitalised, and the question asks who, whom or whose.
    - other entity: capitalised: at least half of its words, small ones such as "of" not
      counted, begin with a capital.
    - verb phrase: begins with "to" and a word, or with a word in -ing or -ed.
    - adjective: one or two words, the last with an ending such as -al, -ic, -ous or -ly.
    - other phrase: the rest, mostly nouns.
    """
    if not question.answers:
        return "none"
    text = question.answers[0].text.strip()
    word = question_word(question.question)
    words = _WORD.findall(text)
    if len(words) >= _CLAUSE_WORDS:
        return "clause"
    if _DATE.search(text) or (word != "how many" and _is_years(text)):
        return "date"
    if _NUMBER.match(text):
        return "number"
    if _is_capitalised(words):
        return "person" if word == "who" else "other entity"
    return _lower_case_type(text, words)


def question_word(question: str) -> str:
    """Return the first question word, one of ``QUESTION_WORDS``.

    "who" stands for whom and whose too, "how many" for how much. A question without one is
    "yes or no" where it begins with a verb such as is, does or can, and else "other".
    """
    found = _QUESTION_WORD.search(question)
    if found is None:
        return "yes or no" if _YES_OR_NO.match(question) else "other"
    quantity, plain, _ = found.groups()
    return "how many" if quantity else plain.lower() if plain else "who"


def passage_length(context: str) -> str:
    """Return the passage group of a context, such as "76 to 125 words"."""
    n_words = len(context.split())
    lower = 1
    for limit in LENGTH_LIMITS:
        if n_words <= limit:
            return f"{lower} to {limit} words"
        lower = limit + 1
    return f"over {LENGTH_LIMITS[-1]} words"


def passage_lengths() -> list[str]:
    """Return every passage group, shortest first."""
    return [passage_length("w " * n) for n in (*LENGTH_LIMITS, LENGTH_LIMITS[-1] + 1)]


def _is_years(text: str) -> bool:
    rest, n_years = _YEAR.subn(" ", text)
    return n_years > 0 and all(word.lower() in _ROUND_YEARS for word in _WORD.findall(rest))


def _is_capitalised(words: list[str]) -> bool:
    counted = [word for word in words if word.lower() not in _SMALL_WORDS]
    capitals = sum(word[0].isupper() for word in counted)
    return capitals > 0 and 2 * capitals >= len(counted)


def _lower_case_type(text: str, words: list[str]) -> AnswerType:
    if _VERB.match(text):
        return "verb phrase"
    is_short = 0 < len(words) <= 2
    if is_short and (_ADJECTIVE.match(words[-1]) or _ADVERB.match(words[-1])):
        return "adjective"
    return "other phrase"
