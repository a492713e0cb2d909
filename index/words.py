"""From text to the terms that word search counts: folded, split, stemmed, numbered.

Passages and questions go through the same functions, so any text is safe on both sides. Raise
``ANALYSIS_VERSION`` with every change of what a term is: files made before are made anew then.
"""

import hashlib
import unicodedata
from functools import lru_cache

from .stemming import stem

ANALYSIS_VERSION = 1
NO_TERM = 0
MAX_WORD_CHARS = 64  # longer runs are keys or encoded data, which nobody asks by

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


class _Folding(dict[int, str]):
    """What becomes of each character: its base letters in lower case, or a space."""

    def __missing__(self, code: int) -> str:
        folded = unicodedata.normalize("NFKD", chr(code).casefold())
        self[code] = kept = "".join(
            # Marks of combining class 0 are vowels and the like, as Indic words are full of.
            char if char.isalnum() or unicodedata.category(char).startswith("M") else " "
            for char in folded
            if not unicodedata.combining(char)
        )
        return kept


_FOLDING = _Folding()
_ASCII_FOLDING = bytes(ord(_FOLDING[code]) for code in range(128)) + bytes(128)


def words(text: str) -> list[str]:
    """Return the words of a text in order, without case, accents and punctuation."""
    if text.isascii():  # twice as fast, and most English is
        return text.encode().translate(_ASCII_FOLDING).decode().split()
    return text.translate(_FOLDING).split()


@lru_cache(maxsize=1 << 18)
def term_of(word: str) -> int:
    """Return the number of a word's stem, 64 bits of a hash; 0 for a run too long to be one.

    Two stems in a billion share a number by chance; a search would take one for the other.
    """
    if len(word) > MAX_WORD_CHARS:
        return NO_TERM
    stemmed = stem(word) if word.isascii() else word
    digest = hashlib.blake2b(stemmed.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def terms_of(text: str) -> list[int]:
    """Return the terms of a text in order, repeats and stop words included."""
    return list(map(term_of, words(text)))


def content_terms(text: str) -> list[int]:
    """Return the terms of a text in order, stop words left out."""
    return [term_of(word) for word in words(text) if word not in STOP_WORDS]
