"""From kreuzberg's document structure to the text that is stored, shown and quoted.

The structure is used rather than kreuzberg's own Markdown, whose escapes and emphasis
marks would end up in quotes. A heading is a ``#`` line, a list item a ``-`` line, a table
row a line of cells; everything else is its own words.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..types import Page

CELL_SEPARATOR = " | "

_MIDNIGHT = re.compile(r"^(\d{4}-\d\d-\d\d) 00:00:00$")
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SOFT_HYPHEN_BREAK = re.compile(r"[\u00ad\x02\ufffe]\r?\n[ \t]*")
_LINE_ENDS = re.compile(r"\r\n?|\x0c|[ \t]+(?=\r?\n)")

# Blocks that follow their own kind on the next line, not after an empty one.
_LINES = frozenset(("list_item", "row"))

Node = Mapping[str, Any]


def clean(text: str) -> str:
    """Return extracted text that can be stored and read.

    Dropped: control characters (NUL among them) and lone surrogates, which are artefacts of
    extraction. A hyphen that a PDF marks as soft at a line's end joins its word again.
    """
    text = _SOFT_HYPHEN_BREAK.sub("", text)
    return _UNWANTED.sub("", _LINE_ENDS.sub(lambda m: "" if m[0][0] in " \t" else "\n", text))


def render(nodes: Iterable[Node]) -> tuple[str, tuple[Page, ...]]:
    """Return the text of a structured document and, where nodes say so, its pages.

    Pages tile the text: each begins where its first block does and ends where the next begins.
    """
    text: list[str] = []
    length = 0
    page_starts: dict[int, int] = {}
    previous = ""
    for node in nodes:
        block = _block(node)
        if not block:
            continue
        kind = node["content"]["node_type"]
        separator = "" if not text else "\n" if kind == previous and kind in _LINES else "\n\n"
        length += len(separator)
        page = node.get("page")
        if page is not None and (not page_starts or page > max(page_starts)):
            page_starts[page] = length if page_starts else 0
        text += (separator, block)
        length += len(block)
        previous = kind
    return "".join(text), tile(page_starts, length)


def with_slide_titles(nodes: Iterable[Node], titled: Iterable[Node]) -> list[Node]:
    """Return a presentation's nodes with those paragraphs as headings that are slide titles.

    Kreuzberg tells the titles only in its Markdown, which has emphasis marks and image
    links but no notes; so its plain reading is taken, and the titles found in it, in order.
    """
    titles = [node["content"] for node in titled if node["content"]["node_type"] == "heading"]
    titles.reverse()
    result: list[Node] = []
    for node in nodes:
        content = node["content"]
        if titles and content.get("text", "").split() == titles[-1]["text"].split():
            content = titles.pop()
        elif "\t" in content.get("text", ""):
            row = content["text"].replace("\t", CELL_SEPARATOR)
            content = {"node_type": "row", "text": row}
        result.append({"content": content})
    return result


def tile(page_starts: Mapping[int, int], length: int) -> tuple[Page, ...]:
    """Return pages, in order, each ending where the next starts; empty ones are left out."""
    ends = [*page_starts.values(), length][1:]
    spans = zip(page_starts.items(), ends, strict=True) if page_starts else ()
    return tuple(Page(number, start, end) for (number, start), end in spans if start < end)


def _block(node: Node) -> str:
    """Return one node's own words; empty for one that only groups others, or runs on each page."""
    if node.get("content_layer") in ("header", "footer"):
        return ""
    content = node["content"]
    match content["node_type"]:
        case "heading" | "title":
            words = " ".join(clean(content["text"]).split())
            return "#" * content.get("level", 1) + " " + words if words else ""
        case "table":
            return _table(content["grid"])
        case "metadata_block":
            return "\n".join(f"{name}: {clean(value)}" for name, value in content["entries"])
        case "list_item":
            words = clean(content["text"]).strip()
            return f"- {words}" if words else ""
        case _:
            return clean(content.get("text") or "").strip()


def _table(grid: Mapping[str, Any]) -> str:
    """Return a table as lines of cells, without its empty rows and trailing empty cells."""
    rows: list[list[str]] = [[] for _ in range(grid["rows"])]
    for cell in grid["cells"]:
        words = " ".join(clean(cell["content"]).split())
        rows[cell["row"]].append(_MIDNIGHT.sub(r"\1", words))
    lines = (CELL_SEPARATOR.join(row).rstrip(" |") for row in rows)
    return "\n".join(line for line in lines if line.strip(" |"))
