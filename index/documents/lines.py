"""What one line of text is, told from its shape: heading, list item, table row, prose.

Shared by the sentence rules, which break at such lines, and the headings of the splitter.
"""

import re
from collections.abc import Iterator

# A line that begins something of its own, whatever the line before it was.
_OPENER = re.compile(
    r"""[ \t>]*(?:
        [-*+•‣◦▪·–—][ \t]            # bullet
      | \(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)][ \t]   # numbered item
      | \#{1,6}[ \t]                 # ATX heading
      | \|                           # table row
      | ```|~~~                      # fence
      | \.\.[ ]                      # reST directive
      | :[\w -]{1,40}:[ \t]          # reST field
      | "[^"\n]{1,80}"[ ]?:          # JSON member
      | [\]\[{}]                     # JSON bracket, Markdown reference
      | <[/!a-zA-Z]                  # tag
      | \d{4}-\d\d-\d\d[ T]          # dated log line
      | [A-Z][\w-]{1,20}:[ \t]       # header line, such as "Subject: "
      | ([=\-~^"'`*+#:._])\1{2,}[ \t]*$   # underline, rule
    )""",
    re.VERBOSE,
)
# A line that ends what it says, so that the next one begins anew.
_CLOSED = re.compile(
    r"""[ \t]*(?:
        \#{1,6}[ \t].*
      | ([=\-~^"'`*+#:._])\1{2,}[ \t]*      # underline, rule
      | \|.*
      | (?:```|~~~).*
      | .*[{}][ \t]* | .*[=()].*;[ \t]*     # program text
      | .*(?:[^\s\d],[^\s]*,\S|"[,;]").*    # separated values
      | .*\t\S.*                            # tabbed columns
      | .*[ ]\|[ ].*                        # our own table rows
    )""",
    re.VERBOSE,
)
# A shorter line than this, followed by one that does not begin in lower case, was
# ended on purpose (an address, a title, a form) and not by wrapping at a margin.
_WRAP_CHARS = 36

# The beginning of a line tells its shape; a line may be megabytes long.
_SHAPE_CHARS = 400


def lines_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the lines of text[start:end] as half-open ranges without their line ends."""
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop - 1 if stop > start and text[stop - 1] == "\r" else stop
        start = stop + 1


def is_row(line: str) -> bool:
    """Say whether a line stands for itself: a heading, a rule, a table row, program text."""
    return _CLOSED.fullmatch(line if len(line) <= _SHAPE_CHARS else line[:_SHAPE_CHARS]) is not None


def breaks_between(line: str, following: str) -> bool:
    """Say whether the end of a line also ends the sentence.

    Args:
        line, following: two neighbouring lines, without line ends.
    """
    if not line.strip() or not following.strip():
        return True
    if is_row(line) or is_row(following) or _OPENER.match(following[:_SHAPE_CHARS]):
        return True
    first = following.lstrip()[0]
    return len(line.strip()) < _WRAP_CHARS and not first.islower() and line.rstrip()[-1] != ","
