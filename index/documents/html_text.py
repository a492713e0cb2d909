"""HTML as a person reads it: headings, paragraphs, lists and table rows, no markup.

Ours rather than kreuzberg's, which leaves links and emphasis as Markdown and trusts the
bytes to be UTF-8. Runs in the child process.
"""

import codecs
import re
from dataclasses import dataclass
from html.parser import HTMLParser

from .plain_text import decode
from .rendering import CELL_SEPARATOR

_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,512}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_HEAD_BYTES = 4_096
_WIDE = ("utf-16", "utf-32")

_RAW = frozenset(["script", "style", "iframe"])  # what is inside them is no markup
_SKIPPED = _RAW | frozenset("template noscript svg math object select button nav".split())
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption"
    " figure footer form header hr legend main ol p pre section summary table ul".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The readable text of a page and its ``<title>``, empty when it has none."""

    text: str
    title: str


def decode_html(data: bytes) -> str:
    """Return a page's text: by its mark, its declaration where that decodes, or by detection.

    A page whose declaration can be read byte by byte is not in UTF-16 or UTF-32, whatever it
    declares: it is taken for UTF-8. Source: the HTML standard, "prescan a byte stream".
    """
    if not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        declared = _DECLARED.search(data[:_HEAD_BYTES])
        if declared:
            try:
                encoding = codecs.lookup(declared[1].decode("ascii")).name
                return data.decode("utf-8" if encoding.startswith(_WIDE) else encoding)
            except (LookupError, UnicodeError, ValueError):
                pass
    return decode(data).lstrip("\ufeff")


def html_to_text(html: str) -> HtmlText:
    """Return what a page says, with headings as ``#`` lines, items as ``-``, rows by `` | ``.

    A dropped element that never ends would take the rest of the page with it: its tag is
    overlooked instead.
    """
    reader = _read(html, frozenset())
    unclosed = reader.unclosed()
    if unclosed:
        reader = _read(html, unclosed)
    return HtmlText(reader.finish(), " ".join("".join(reader.title).split()))


def _read(html: str, overlooked: frozenset[int]) -> "_Reader":
    reader = _Reader(overlooked)
    reader.feed(html)
    reader.close()
    return reader


class _Reader(HTMLParser):
    """Collects lines; a line is closed by every block element and kept when not empty."""

    def __init__(self, overlooked: frozenset[int]) -> None:
        """Begin a page.

        Args:
            overlooked: which start tags of dropped elements do not count, by their order.
        """
        super().__init__(convert_charrefs=True)
        self.title: list[str] = []
        self._overlooked = overlooked
        self._n_droppable = 0
        self._open: dict[str, list[int]] = {tag: [] for tag in _SKIPPED}
        self._out: list[str] = []
        self._line: list[str] = []
        self._prefix = ""
        self._skipping: list[str] = []
        self._in_title = False
        self._preformatted = 0
        self._cells = 0
        self._apart = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, an item, a row or a cell, or begin to skip."""
        if tag in _SKIPPED and not self._counts(tag):
            return
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.append(tag)
        elif tag in _SKIPPED:
            self._skipping.append(tag)
        elif tag == "title":
            self._in_title = True
        elif tag in _HEADINGS:
            self._break(apart=True)
            self._prefix = "#" * _HEADINGS[tag] + " "
        elif tag == "li":
            self._break()
            self._prefix = "- "
        elif tag == "tr":
            self._break()
            self._cells = 0
        elif tag in ("td", "th"):
            if self._cells:
                self._line.append(CELL_SEPARATOR)
            self._cells += 1
        elif tag == "br":
            self._break(keep_cells=True)
        elif tag in _BLOCKS:
            self._preformatted += tag == "pre"
            self._break(apart=True, keep_cells=True)

    def handle_endtag(self, tag: str) -> None:
        """Close what ``handle_starttag`` opened."""
        if self._open.get(tag):
            self._open[tag].pop()
        if self._skipping:
            if tag == self._skipping[-1]:
                self._skipping.pop()
        elif tag == "title":
            self._in_title = False
        elif tag in _HEADINGS:
            self._break()
            self._prefix = ""
            self._break(apart=True)
        elif tag in ("li", "tr"):
            self._cells = 0
            self._break()
            self._prefix = ""
        elif tag in _BLOCKS:
            self._cells = 0 if tag == "table" else self._cells
            self._break(apart=True, keep_cells=True)
            self._preformatted = max(0, self._preformatted - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        """Take text, with runs of white space as one space outside ``<pre>``."""
        if self._in_title:
            self.title.append(data)
        elif self._skipping:
            return
        elif self._preformatted:
            first, *rest = data.split("\n")
            self._line.append(first)
            for line in rest:
                self._break()
                self._line.append(line)
        else:
            self._line.append(_SPACES.sub(" ", data))

    def finish(self) -> str:
        """Return the text so far."""
        self._break()
        return "\n".join(self._out).strip("\n")

    def unclosed(self) -> frozenset[int]:
        """Return the start tags that would cut the rest of the page off; empty if none does.

        Behind a script's tag that never ends all is script, not markup: it stays dropped.
        """
        if not self._skipping:
            return frozenset()
        return frozenset(at for tag in _SKIPPED - _RAW for at in self._open[tag])

    def _counts(self, tag: str) -> bool:
        """Count a start tag of a dropped element; return whether it is to be heeded."""
        place = self._n_droppable
        self._n_droppable += 1
        if place in self._overlooked:
            return False
        self._open[tag].append(place)
        return True

    def _break(self, *, apart: bool = False, keep_cells: bool = False) -> None:
        """End the line; ``apart`` leaves an empty one. Inside a table row it is only a space."""
        if keep_cells and self._cells:
            self._line.append(" ")
            return
        line = "".join(self._line)
        line = line.rstrip() if self._preformatted else _SPACES.sub(" ", line).strip()
        if line.strip(" |"):
            self._out.append(self._prefix + line)
            self._prefix = ""
            self._apart = False
        # A paragraph that only opens inside an item or a heading is no break in it.
        if apart and not self._apart and not self._prefix:
            self._out.append("")
            self._apart = True
        self._line = []
