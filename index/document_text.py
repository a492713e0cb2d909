"""What a text must be to become a document, wherever it came from."""

import re

from .errors import ExtractionFailed

# White space of every script, such as the no-break space, and the byte order mark.
_VISIBLE = re.compile(r"[^\s\ufeff]")


def check_text(text: str) -> None:
    """Refuse a text that could not be stored, or holds nothing to find.

    Raises:
        ExtractionFailed: it is blank, or not valid Unicode.
    """
    if not _VISIBLE.search(text):
        raise ExtractionFailed("no text found")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise ExtractionFailed("its text is not valid Unicode") from exc
