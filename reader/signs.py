"""Which characters an answer can consist of: "+" may be meant, a full stop never is."""

import unicodedata

# Signs that Unicode counts among punctuation, though they are read aloud as words: how much, and,
# number, at, times, or, section. Wide and small forms of them are found by their plain ones.
_SIGNS = frozenset("#%&*/@\\\N{SECTION SIGN}\N{PILCROW SIGN}\N{PER MILLE SIGN}") | frozenset(
    "\N{PER TEN THOUSAND SIGN}\N{DAGGER}\N{DOUBLE DAGGER}"
    "\N{ARABIC PERCENT SIGN}\N{ARABIC-INDIC PER MILLE SIGN}\N{ARABIC-INDIC PER TEN THOUSAND SIGN}"
)


def says_something(text: str) -> bool:
    """Whether a text holds a letter, a digit or a symbol, and so could answer a question.

    Full stops, quotes, brackets and dashes do not by themselves, nor does white space, nor what
    is invisible or only combines with another character.

    Source: the general categories of the Unicode Standard, section 4.5.
    """
    return any(_is_content(char) for char in text)


def _is_content(char: str) -> bool:
    is_word_or_symbol = unicodedata.category(char)[0] in "LNS"
    return is_word_or_symbol or unicodedata.normalize("NFKC", char) in _SIGNS
