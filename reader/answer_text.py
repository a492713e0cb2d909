"""Texts of answers compared, by the definitions of SQuAD's official scorer.

Source: Rajpurkar, Jia and Liang 2018, "Know What You Don't Know" and its
evaluation script: answers are compared after lower-casing and dropping
punctuation, articles and extra white space; the best match over the reference
answers counts; for an unanswerable question only the empty answer is right.
"""

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = frozenset(string.punctuation)


def normalize_answer(text: str) -> str:
    """Lower-case, drop ASCII punctuation and English articles, squeeze white space."""
    kept = "".join(char for char in text.lower() if char not in _PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", kept).split())


def exact_match(prediction: str, reference: str) -> float:
    """Return 1.0 if both are equal after normalization, else 0.0."""
    return float(normalize_answer(prediction) == normalize_answer(reference))


def token_f1(prediction: str, reference: str) -> float:
    """Return the F1 of the two bags of normalized words; if either is empty, equality."""
    predicted, wanted = (
        normalize_answer(prediction).split(),
        normalize_answer(reference).split(),
    )
    if not predicted or not wanted:
        return float(predicted == wanted)
    common = sum((Counter(predicted) & Counter(wanted)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(wanted)
    return 2 * precision * recall / (precision + recall)


def answer_scores(prediction: str, answers: Sequence[str]) -> tuple[float, float]:
    """Return (exact, f1) of one prediction, each 0 to 1, best over the right answers.

    Args:
        prediction: empty for "no answer".
        answers: texts; empty where there is no answer.
    """
    references = [text for text in answers if normalize_answer(text)] or [""]
    return (
        max(exact_match(prediction, reference) for reference in references),
        max(token_f1(prediction, reference) for reference in references),
    )
