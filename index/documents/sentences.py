"""Sentence boundaries by rule, for any text, with offsets.

Rules rather than a model: they need no download, run at tens of megabytes a minute, and
err in ways a person can foresee. A heading, a list item and a table row are sentences.
"""

import re
from collections.abc import Iterator

from .lines import breaks_between, lines_of

# A stop, what may close after it (quotes, brackets, emphasis, a footnote mark), then white
# space; East Asian stops need no space. Possessive and tried once per run of stops, so that
# a line of dots takes linear time.
_STOP = re.compile(
    r"""(?<![.!?…])(?P<stop>[.!?…]++)(?:["'”’»)\]*_`]|\[\^?\w{1,4}\])*+(?=\s|<br|</)
      | [。！？｡]+[」』”’）】"']*""",
    re.VERBOSE,
)
_BETWEEN_WORDS = re.compile(r"[^\w.&'’-]")
_OPENING = " \t\r\n\"'“‘«([*_`¿¡"

_NEVER_LAST = frozenset(
    "dr mr mrs ms mx prof rev hon gen col sgt capt lt st mt ft messrs mme mlle"
    " e.g i.e cf viz vs al approx ca resp incl excl esp"
    " z.b d.h bzw u.a vgl ggf usw p.ex m.e".split()
)
_BEFORE_NUMBER = frozenset(
    "no nos nr fig figs eq eqs sec art ch chap vol pp p par para app ed"
    " jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# After an abbreviation that may end a sentence (U.S., Inc., etc.) these words begin one.
_STARTERS = frozenset(
    "the this that these those a an it its he she they we you i in on at if but and for from"
    " however when while there as after before since although all each no not our your his her"
    " their what who how why where to by with most some many please see der die das ein es".split()
)
_MAYBE_LAST = frozenset("etc inc ltd co corp bros jr sr dept univ est min max".split())

_ACRONYM = re.compile(r"(?:[^\W\d]{1,2}\.)+[^\W\d]{1,2}")
_SPACE = re.compile(r"\s+")
_MAX_WORD_CHARS = 40

_WINDOW_CHARS = 1_000
_MAX_CONTEXT_CHARS = 400


def sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the sentences of text[start:end]: ordered, trimmed, covering all but white space."""
    spans: list[tuple[int, int]] = []
    for block_start, block_end in _blocks(text, start, end):
        position = block_start
        for match in _STOP.finditer(text, block_start, block_end):
            if match.end() < block_end and _ends_sentence(text, position, match, block_end):
                spans.append((position, match.end()))
                position = match.end()
        spans.append((position, block_end))
    trimmed = (trim(text, *span) for span in spans)
    return [span for span in trimmed if span[0] < span[1]]


def sentence_bounds(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the sentence or sentences around text[start:end], trimmed of white space.

    Looks at most 1,000 characters away, and returns at most about 400 characters beside the
    answer, cut at a space, so text without stops or of any length is no trouble.
    """
    low = _paragraph_edge(text, start)
    high = min(len(text), end + _WINDOW_CHARS)
    touched = [
        span for span in sentence_spans(text, low, high) if span[0] < end and start < span[1]
    ]
    first = min([start, *(span[0] for span in touched)])
    last = max([end, *(span[1] for span in touched)])
    if last - first > end - start + _MAX_CONTEXT_CHARS:
        first = max(first, _space_after(text, start - _MAX_CONTEXT_CHARS // 2, start))
        last = min(last, _space_before(text, end + _MAX_CONTEXT_CHARS // 2, end))
    return trim(text, first, last)


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without white space at its ends; empty if it holds nothing else."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield runs of lines that no line end breaks: paragraphs, items, rows."""
    block_start, previous = start, ""
    for line_start, line_end in lines_of(text, start, end):
        line = text[line_start:line_end]
        if line_start > block_start and breaks_between(previous, line):
            yield block_start, line_start
            block_start = line_start
        previous = line
    yield block_start, end


def _ends_sentence(text: str, start: int, match: re.Match[str], block_end: int) -> bool:
    """Say whether a stop inside a block is the end of a sentence that began at ``start``."""
    if match["stop"] is None:
        return True
    following = text[match.end() : min(block_end, match.end() + 40)].lstrip(_OPENING)
    if following[:1].islower():
        return False
    if match["stop"] != ".":
        return True
    before = text[max(start, match.start() - 24) : match.start()]
    word = _BETWEEN_WORDS.split(before)[-1]
    bare = word.lower().strip("'’-")
    if before.strip() == word and (bare.isdigit() or len(bare) == 1):
        return False  # the number of an item
    if bare in _NEVER_LAST:
        return False
    if bare in _BEFORE_NUMBER:
        return not following[:1].isdigit()
    is_initial = len(word) == 1 and word.isupper() and word != "I"
    if is_initial or _ACRONYM.fullmatch(bare) or bare in _MAYBE_LAST:
        return _BETWEEN_WORDS.split(following, 1)[0].lower().rstrip(".") in _STARTERS
    return True


def _paragraph_edge(text: str, position: int) -> int:
    """Return where to begin reading before a position: an empty line, a line, or any place."""
    low = max(0, position - _WINDOW_CHARS)
    if low == 0:
        return 0
    for edge in ("\n\n", "\n\r\n"):
        found = text.rfind(edge, low, position)
        if found >= 0:
            return found + len(edge)
    return text.find("\n", low, position) + 1 or low


def _space_after(text: str, position: int, limit: int) -> int:
    """Return the beginning of the first whole word in text[position:limit]."""
    position = max(0, position)
    space = _SPACE.search(text, max(0, position - 1), min(limit, position + _MAX_WORD_CHARS))
    return space.end() if space and position else position


def _space_before(text: str, position: int, limit: int) -> int:
    """Return the end of the last whole word in text[limit:position]."""
    if position >= len(text):
        return len(text)
    spaces = [*_SPACE.finditer(text, max(limit, position - _MAX_WORD_CHARS), position + 1)]
    return spaces[-1].start() if spaces else position
