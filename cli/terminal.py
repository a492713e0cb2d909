"""Text that is safe to print, and styles for terminals that have them.

A document may hold escape sequences; shown as they are, they could move the
cursor, hide text or rename the window. Nothing from a document is printed but
through ``safe`` or ``safe_json``.
"""

import json
import os
import re
import sys
from typing import Any, TextIO

# C0 but tab and newline, DEL, C1; zero-width and bidirectional controls that reorder text
# (U+202A to U+202E, U+2066 to U+2069); line and paragraph separators; half surrogates.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(text: str) -> str:
    r"""Return text with every control character made visible, as in ``\x1b``."""
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], text)


def safe_line(text: str) -> str:
    """Return text as one safe line: each run of white space becomes one space."""
    return safe(" ".join(text.split()))


def safe_json(value: Any, indent: int | None = 2) -> str:
    """Return JSON that is readable in any script, its control characters escaped.

    Where standard output cannot carry every script, all but ASCII is escaped.
    """
    is_limited = "utf" not in (sys.stdout.encoding or "utf-8").lower()
    text = json.dumps(value, ensure_ascii=is_limited, indent=indent)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def has_style(stream: TextIO) -> bool:
    """Whether to style what goes to the stream: a terminal that is not told otherwise."""
    is_plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not is_plain


def bold(text: str) -> str:
    """Return text in bold if standard output shows it."""
    return f"\x1b[1m{text}\x1b[22m" if has_style(sys.stdout) else text


def dim(text: str) -> str:
    """Return text dimmed if standard output shows it."""
    return f"\x1b[2m{text}\x1b[22m" if has_style(sys.stdout) else text


def marked(text: str) -> str:
    """Return a quote so that it stands out in its sentence, with or without styles."""
    return f"\x1b[1;4m{text}\x1b[22;24m" if has_style(sys.stdout) else f"**{text}**"
