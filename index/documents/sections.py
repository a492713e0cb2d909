"""The parts of a document under its headings, for every format that has some.

A heading is what the format calls one: a Markdown or reST heading, a JSON key, the header
row of a table. Sections follow each other and cover the whole text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .lines import lines_of
from .titles import clean_title

_ATX = re.compile(r"[\ufeff ]{0,4}(#{1,6})[ \t]+(\S.*)")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_UNDERLINE = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*")
# A string that is never closed is taken as one too, lest each of its quotes start a search.
_JSON_TOKEN = re.compile(r'"((?:[^"\\\n]|\\.)*+)"?(\s*+:)?|[\[\]{}]')
_HTML_TAG = re.compile(r"<[^<>]{0,200}>")

_MAX_HEADING_CHARS = 160
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document.

    Attributes:
        start, end: in the text; half-open.
        body_start: where the heading's own lines end.
        path: the headings that it stands under, its own last.
    """

    start: int
    end: int
    body_start: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading where it stands; level 1 is outermost."""

    start: int
    end: int
    level: int
    title: str


def sections(text: str, media_type: str) -> list[Section]:
    """Return the sections of a text in order; one without a path when it has no headings."""
    if media_type in ("text/csv", "text/tab-separated-values"):
        return [_table_section(text)]
    if media_type == "application/json":
        headings = _json_headings(text)
    elif media_type == "text/x-rst":
        headings = _rst_headings(text)
    elif media_type in _WITHOUT_HEADINGS:
        headings = iter(())
    else:
        headings = _markdown_headings(text, setext=media_type == "text/markdown")
    return _nest(text, headings)


_WITHOUT_HEADINGS = frozenset(
    "application/jsonl application/yaml application/toml application/xml text/x-source".split()
)


def _nest(text: str, headings: Iterator[_Heading]) -> list[Section]:
    """Return sections from headings, each under the nearest one above of a lower level."""
    result: list[Section] = []
    stack: list[_Heading] = []
    start, body_start = 0, 0
    for heading in headings:
        if heading.start > start:
            path = tuple(above.title for above in stack if above.title)
            result.append(Section(start, heading.start, body_start, path))
        while stack and stack[-1].level >= heading.level:
            stack.pop()
        stack.append(heading)
        start, body_start = heading.start, heading.end
    path = tuple(above.title for above in stack if above.title)
    return [*result, Section(start, len(text), body_start, path)]


def _markdown_headings(text: str, *, setext: bool) -> Iterator[_Heading]:
    """Yield ATX headings and, in Markdown itself, underlined ones; none inside fences."""
    fence = ""
    above = (0, 0)
    for start, end in lines_of(text, 0, len(text)):
        line = text[start : min(end, start + 1_000)]
        marker = _FENCE.match(line)
        if marker and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else marker[1]
        elif fence:
            pass
        elif atx := _ATX.fullmatch(line):
            yield _Heading(start, end, len(atx[1]), _title(atx[2].rstrip("# \t")))
        elif setext and line.strip() and line[0] in "=-" and set(line.strip()) in ({"="}, {"-"}):
            title = text[slice(*above)]
            if title.strip() and len(line.strip()) > 2 and _is_title(title):
                yield _Heading(above[0], end, 1 if line[0] == "=" else 2, _title(title))
        above = (start, end)


def _is_title(line: str) -> bool:
    """Say whether a line above an underline can be its heading: not an item, a row or a quote."""
    return not line.startswith((" ", "\t", "-", "*", "|", ">", "#", "+")) and ": " not in line


def _rst_headings(text: str) -> Iterator[_Heading]:
    """Yield underlined headings; a style's level is the order in which styles appear."""
    styles: list[tuple[str, bool]] = []
    before, above = (0, 0), (0, 0)
    for start, end in lines_of(text, 0, len(text)):
        line = text[start : min(end, start + 1_000)]
        title = text[above[0] : min(above[1], above[0] + 1_000)].rstrip()
        if (
            _UNDERLINE.fullmatch(line)
            and title
            and not _UNDERLINE.fullmatch(title)
            and len(line.rstrip()) >= min(len(title.strip()), 4)
        ):
            overline = text[slice(*before)].rstrip() == line.rstrip()
            if overline or not title[0].isspace():
                style = (line[0], overline)
                if style not in styles:
                    styles.append(style)
                level = styles.index(style) + 1
                yield _Heading(before[0] if overline else above[0], end, level, _title(title))
        before, above = above, (start, end)


def _json_headings(text: str) -> Iterator[_Heading]:
    """Yield each key whose value is an object or a list; its level is how deep it lies."""
    depth = 0
    key: tuple[int, int, str] | None = None
    for token in _JSON_TOKEN.finditer(text):
        symbol = token[0]
        if symbol in ("{", "["):
            depth += 1
            if key and depth <= _MAX_DEPTH:
                yield _Heading(key[0], key[1], depth, _title(key[2]))
            key = None
        elif symbol in ("}", "]"):
            depth -= 1
            key = None
        else:
            key = (token.start(), token.end(), token[1]) if token[2] else None


def _table_section(text: str) -> Section:
    """Return a table as one section under its header row."""
    start, end = next(lines_of(text, 0, len(text)), (0, 0))
    names = re.split(r"[,;\t]", text[start : min(end, start + 2_000)])
    title = ", ".join(name for name in (name.strip(' "\ufeff') for name in names) if name)
    return Section(0, len(text), end, (_title(title),) if title else ())


def _title(raw: str) -> str:
    """Return a heading as it is shown: one line, without markup, not too long."""
    return clean_title(_HTML_TAG.sub("", raw.replace("``", "")))[:_MAX_HEADING_CHARS].strip()
