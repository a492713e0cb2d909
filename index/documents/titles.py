"""The title of a document: what it calls itself, else its file name made readable."""

import re
from pathlib import Path

_FRONT_MATTER_TITLE = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(?:(?!---).*\r?\n)*?title:[ \t]*(?P<title>[^\r\n]+)"
)
_FIELD_TITLE = re.compile(r"^(?:Title|:title):[ \t]*(?P<title>\S[^\r\n]*)", re.MULTILINE)
_ATX = re.compile(r"^\ufeff? {0,3}#{1,6}[ \t]+(?P<title>[^\r\n]+?)[ \t#]*\r?$", re.MULTILINE)
_UNDERLINED = re.compile(
    r"^\ufeff?(?P<title>[^\s\-=~#*+^\"'`:.][^\r\n]*)\r?\n(?P<line>([=\-~^\"'*+#`:.])\3{2,})[ \t]*\r?$",
    re.MULTILINE,
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|\[([^\]]*)\]\[[^\]]*\]")
_UNTELLING = re.compile(
    r"(untitled|(microsoft )?(word|powerpoint|excel)\b.*|(slide|document|presentation|title) ?\d*"
    r"|powerpoint presentation|.*\.(docx?|pptx?|xlsx?|indd|tex|dvi))?",
    re.IGNORECASE,
)
_HEAD_CHARS = 20_000
_MAX_TITLE_CHARS = 200


def title_of(text: str, media_type: str, path: Path) -> str:
    """Return the title of a plain-text file: front matter, first heading, or file name."""
    head = text[:_HEAD_CHARS]
    patterns: tuple[re.Pattern[str], ...] = ()
    if media_type == "text/markdown":
        patterns = (_FRONT_MATTER_TITLE, _ATX, _UNDERLINED)
    elif media_type == "text/x-rst":
        patterns = (_FIELD_TITLE, _UNDERLINED)
    for pattern in patterns:
        match = pattern.search(head)
        title = clean_title(match["title"]) if match else ""
        if title:
            return title
    return title_of_name(path)


def is_telling(title: str) -> bool:
    """Say whether a title of a file's metadata is more than a program's own default."""
    return _UNTELLING.fullmatch(title.strip()) is None


def clean_title(title: str) -> str:
    """Return a title on one line, without markup or enclosing quotes."""
    title = _LINK.sub(lambda match: match[1] or match[2] or "", title)
    title = re.sub(r"[`*]+|(?<!\w)_+|_+(?!\w)", "", " ".join(title.split()))
    if len(title) > 1 and title[0] == title[-1] and title[0] in "\"'":
        title = title[1:-1]
    return title[:_MAX_TITLE_CHARS].strip()


def title_of_name(path: Path) -> str:
    """Return a file name made readable: "travel-guide_2024.md" is "travel guide 2024"."""
    return " ".join(re.sub(r"[_\-\s]+", " ", path.stem).split()) or path.name
