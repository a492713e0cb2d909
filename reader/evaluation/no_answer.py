"""How people, spreadsheets and programs write that there is no answer."""

import unicodedata

_WORDS = frozenset(
    ("na", "nan", "nil", "none", "null", "noanswer", "notanswerable", "unanswerable")
)
_BLANKS = frozenset("?.()[]{}<>_\N{HORIZONTAL ELLIPSIS}\N{MINUS SIGN}")


def says_no_answer(text: str) -> bool:
    """Whether a whole field says that there is no answer.

    It is empty, a dash or a question mark, or words such as "none" and "no answer", whatever
    their case, and the dashes, underscores, spaces and other punctuation in them: ``#N/A``,
    ``(none)``, ``no_answer``.
    """
    if all(char.isspace() or char in _BLANKS or _kind(char) == "Pd" for char in text):
        return True
    letters = "".join(char for char in text.casefold() if not _is_between_words(char))
    return letters in _WORDS


def _is_between_words(char: str) -> bool:
    return char.isspace() or char in "<>\N{MINUS SIGN}" or _kind(char).startswith("P")


def _kind(char: str) -> str:
    return unicodedata.category(char)
