"""From a text to its passages: what is embedded, searched, read, and shown.

A passage is made of whole sentences under one heading where that is possible, is near the
target length, and shares its last sentences with the next. Only a sentence longer than a
whole passage is ever cut, and then between words.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from unicodedata import category

from ..types import PassageSpan
from .lines import lines_of
from .media import SOURCE_CODE
from .sections import Section, sections
from .sentences import sentence_spans, trim

SPLITTER_VERSION = 1
"""Raised with every change that moves a boundary; recorded in the index."""

HEADING_SEPARATOR = " > "

# A character run is at least this fraction of a token. WordPiece makes one token of a
# word of any length, so tokens alone would let a word of megabytes into one passage.
_CHARS_PER_TOKEN = 16

_BY_LINE = frozenset((SOURCE_CODE, "text/csv", "text/tab-separated-values", "application/jsonl"))


@dataclass(frozen=True, slots=True)
class SplitConfig:
    """Lengths of passages, in tokens of the encoder without its special tokens.

    Attributes:
        target_tokens: what a passage of a long text comes near to.
        overlap_tokens: at most so much of a passage's end is repeated in the next.
        max_tokens: never exceeded. MiniLM reads 256, two of them special; the rest is
            room for a heading put before the passage.
        min_tokens: a section shorter than this is joined with its neighbour.
    """

    target_tokens: int = 160
    overlap_tokens: int = 32
    max_tokens: int = 220
    min_tokens: int = 48

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_tokens < self.target_tokens <= self.max_tokens:
            raise ValueError("need 0 <= overlap_tokens < target_tokens <= max_tokens")


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a piece of one that is too long for a passage."""

    start: int
    end: int
    tokens: int
    path: tuple[str, ...]
    is_heading: bool


@dataclass(slots=True)
class _Group:
    """Sections that are cut into passages together, because one alone would be too short."""

    units: list[_Unit] = field(default_factory=list)
    tokens: int = 0
    has_body: bool = False

    def add(self, unit: _Unit) -> None:
        """Append a unit."""
        self.units.append(unit)
        self.tokens += unit.tokens
        self.has_body = self.has_body or not unit.is_heading


class _Ruler:
    """Counts the tokens of any part of the text."""

    def __init__(self, text: str, token_starts: Sequence[int]) -> None:
        self.text = text
        self.starts = token_starts

    def tokens(self, start: int, end: int) -> int:
        """Return how many tokens begin in text[start:end], or the floor set by its length."""
        counted = bisect_left(self.starts, end) - bisect_left(self.starts, start)
        return max(counted, -(-(end - start) // _CHARS_PER_TOKEN))

    def cut(self, start: int, end: int, size: int) -> int:
        """Return an end for a first piece of text[start:end] of at most ``size`` tokens.

        Between words if there is a place in the second half of the piece.
        """
        first = bisect_left(self.starts, start)
        stop = self.starts[first + size] if first + size < len(self.starts) else end
        stop = min(stop, end, start + size * _CHARS_PER_TOKEN)
        if stop >= end:
            return end
        for place in range(stop, start + (stop - start) // 2, -1):
            if self.text[place].isspace() or category(self.text[place - 1])[0] in "PZ":
                return place
        return max(stop, start + 1)


def split(
    text: str,
    media_type: str,
    token_starts: Sequence[int],
    config: SplitConfig,
) -> list[PassageSpan]:
    """Return the passages of a text: ordered, trimmed, together all of it but white space.

    Args:
        token_starts: where each token of the whole text begins, in code points, as the encoder's
            tokenizer has them.
    """
    ruler = _Ruler(text, token_starts)
    groups = [_Group()]
    for section in sections(text, media_type):
        group = groups[-1]
        if group.has_body and group.tokens >= config.min_tokens:
            groups.append(_Group())
        elif group.units and len(section.path) < len(group.units[0].path):
            # A short last section goes with the one before it, not with the next chapter.
            _join_last(groups, config)
            groups.append(_Group())
        for unit in _units(text, section, media_type, ruler, config):
            groups[-1].add(unit)
    if groups[-1].tokens < config.min_tokens:
        _join_last(groups, config)
    return [span for group in groups for span in _passages(group, ruler, config)]


def _join_last(groups: list[_Group], config: SplitConfig) -> None:
    """Join the last two groups if they make a single passage."""
    if len(groups) > 1 and groups[-2].tokens + groups[-1].tokens <= config.target_tokens:
        for unit in groups.pop().units:
            groups[-1].add(unit)


def _units(
    text: str, section: Section, media_type: str, ruler: _Ruler, config: SplitConfig
) -> Iterator[_Unit]:
    """Yield a section's heading and sentences, those that are too long in pieces."""
    heading = trim(text, section.start, section.body_start)
    if heading[0] < heading[1]:
        yield from _pieces(*heading, section.path, True, ruler, config)
    if media_type in _BY_LINE:
        lines = lines_of(text, section.body_start, section.end)
        spans = [span for span in (trim(text, *line) for line in lines) if span[0] < span[1]]
    else:
        spans = sentence_spans(text, section.body_start, section.end)
    for start, end in spans:
        # A line of brackets says nothing, so it has no say in the passage's heading either.
        is_mute = not any(map(str.isalnum, text[start:end]))
        yield from _pieces(start, end, section.path, is_mute, ruler, config)


def _pieces(
    start: int,
    end: int,
    path: tuple[str, ...],
    is_heading: bool,
    ruler: _Ruler,
    config: SplitConfig,
) -> Iterator[_Unit]:
    """Yield the range whole if a passage holds it, else in pieces short enough to overlap."""
    size = ruler.tokens(start, end)
    piece, limit = config.overlap_tokens or config.target_tokens, config.max_tokens
    while size > limit:
        limit = piece
        stop = ruler.cut(start, end, piece)
        yield _Unit(*trim(ruler.text, start, stop), ruler.tokens(start, stop), path, is_heading)
        start, end = trim(ruler.text, stop, end)
        size = ruler.tokens(start, end)
    yield _Unit(start, end, size, path, is_heading)


def _passages(group: _Group, ruler: _Ruler, config: SplitConfig) -> Iterator[PassageSpan]:
    """Yield the passages of one group of sections, of about equal length."""
    total, overlap = group.tokens, config.overlap_tokens
    n_passages = max(1, -(-(total - overlap) // (config.target_tokens - overlap)))
    goal = min(config.target_tokens, overlap + (total - overlap) / n_passages)
    if total <= config.target_tokens:
        goal = config.target_tokens
    current: list[_Unit] = []
    size = 0
    for unit in group.units:
        # The unit goes where it brings the passage nearer to the goal.
        # A heading does not end a passage.
        is_full = size + unit.tokens / 2 > goal and not (current and current[-1].is_heading)
        if current and (is_full or ruler.tokens(current[0].start, unit.end) > config.max_tokens):
            yield _span(current)
            current = _tail(current, overlap)
            while current and ruler.tokens(current[0].start, unit.end) > config.max_tokens:
                current.pop(0)
            size = _n_tokens(current)
        current.append(unit)
        size += unit.tokens
    if current:
        yield _span(current)


def _tail(units: Sequence[_Unit], overlap_tokens: int) -> list[_Unit]:
    """Return the last sentences that together stay within the overlap; never all of them."""
    tail: list[_Unit] = []
    for unit in reversed(units[1:]):
        if unit.is_heading or _n_tokens(tail) + unit.tokens > overlap_tokens:
            break
        tail.insert(0, unit)
    return tail


def _span(units: Sequence[_Unit]) -> PassageSpan:
    """Return the passage of some units, under the headings that all its sentences share."""
    paths = [unit.path for unit in units if not unit.is_heading] or [unit.path for unit in units]
    shared = paths[0]
    for path in paths[1:]:
        while shared != path[: len(shared)]:
            shared = shared[:-1]
    return PassageSpan(units[0].start, units[-1].end, HEADING_SEPARATOR.join(shared))


def _n_tokens(units: Sequence[_Unit]) -> int:
    """Return the tokens of units together."""
    return sum(unit.tokens for unit in units)
