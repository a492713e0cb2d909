"""A question's words for lexical search: which of them to look for.

The index quotes and folds each term itself, so any text is safe here; this module only
decides which words carry meaning.
"""

import unicodedata
from collections import Counter

from answerable.index import STOP_WORDS

_MAX_CHARS = 20_000  # a question is at most a few hundred; what is left out of more is noise
_MAX_TERM_CHARS = 64  # longer runs are keys or encoded data, which nobody asks by
_MAX_TERMS = 64  # BM25 reads one list of passages per term
_MAX_REPEATS = 5  # a word that a long question repeats is what it is about, up to a point


def question_terms(question: str) -> tuple[str, ...]:
    """Return the words to search for, lower-cased, in the question's order, repeats included.

    Stop words are left out unless there is nothing else. Of very many words those most repeated
    are kept, then the longest, since they are the rarest.
    """
    words = [
        word for word in plain_words(question.lower()[:_MAX_CHARS]) if len(word) <= _MAX_TERM_CHARS
    ]
    terms = [word for word in words if word not in STOP_WORDS] or words
    counts = Counter(terms)
    best = sorted(counts, key=lambda word: (-min(counts[word], _MAX_REPEATS), -len(word)))
    left = dict.fromkeys(best[:_MAX_TERMS], _MAX_REPEATS)
    return tuple(term for term in terms if _take(left, term))


def _take(left: dict[str, int], term: str) -> bool:
    """Count one use of a term; return whether it was still to be had."""
    left[term] = left.get(term, 0) - 1
    return left[term] >= 0


def plain_words(text: str) -> list[str]:
    """Return the runs of letters, digits and combining marks of a text, in order."""
    # Not the regex \w+: it stops at combining marks, which Indic words are full of.
    return "".join(char if _is_word_char(char) else " " for char in text).split()


def _is_word_char(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")
