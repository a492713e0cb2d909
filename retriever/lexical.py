"""A question's words for lexical search: which of them to look for.

The index quotes and folds each term itself, so any text is safe here; this module only
decides which words carry meaning.
"""

import unicodedata

# Words that say what is asked, not what it is about, and those too common to tell passages
# apart; with the pieces that an apostrophe leaves (what's, don't, we'll).
STOP_WORDS = frozenset(
    """
    a about am an and any are aren as at be because been being but by can could couldn d did
    didn do does doesn doing don for from had hadn has hasn have haven having he her hers him
    his how i if in into is isn it its just ll m me more most my no nor not of on or our ours
    out over re s shall she should shouldn so some such t than that the their theirs them then
    there these they this those through to too under until up ve very was wasn we were weren
    what when where which while who whom whose why will with won would wouldn you your yours
    """.split()
)
_MAX_CHARS = 20_000  # a question is at most a few hundred; what is left out of more is noise
_MAX_TERM_CHARS = 64  # longer runs are keys or encoded data, which nobody asks by
_MAX_TERMS = 32  # BM25 reads one list of passages per term


def question_terms(question: str) -> tuple[str, ...]:
    """Return the distinct words to search for, lower-cased, in the question's order.

    Stop words are left out unless there is nothing else. Of very many words the longest are
    kept, since they are the rarest.
    """
    words = [word for word in _words(question.lower()[:_MAX_CHARS]) if len(word) <= _MAX_TERM_CHARS]
    terms = dict.fromkeys(word for word in words if word not in STOP_WORDS)
    terms = terms or dict.fromkeys(words)
    longest = set(sorted(terms, key=len, reverse=True)[:_MAX_TERMS])
    return tuple(term for term in terms if term in longest)


def _words(text: str) -> list[str]:
    # Not the regex \w+: it stops at combining marks, which Indic words are full of.
    return "".join(char if _is_word_char(char) else " " for char in text).split()


def _is_word_char(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")
