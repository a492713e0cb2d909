"""Which files are understood, as data: extension, media type, and who reads it.

Nothing here opens a file. A new format is a new row.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Method(Enum):
    """Who turns the bytes of a format into text."""

    PLAIN = "plain"
    """The bytes are the text: decoded in this process and stored unchanged."""
    HTML = "html"
    """Read by our own HTML reader, in the child process."""
    EMAIL = "email"
    """Read with the standard library's mail parser, in the child process."""
    RTF = "rtf"
    """Character sets resolved here, then kreuzberg, in the child process."""
    PACKED = "packed"
    """A zip of XML: counted while inflating, then kreuzberg, in the child process."""
    BINARY = "binary"
    """Straight to kreuzberg, in the child process."""


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file.

    Attributes:
        name: what a person calls it; used in reasons such as "not a readable PDF file".
        extensions: lower case, with the dot.
    """

    name: str
    media_type: str
    method: Method
    extensions: tuple[str, ...]


_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"

SOURCE_CODE = "text/x-source"
"""One type for all program text: it is read by lines, whatever the language."""

FORMATS: tuple[Format, ...] = (
    Format("text", "text/plain", Method.PLAIN, (".txt", ".text", ".log", ".srt", ".vtt")),
    Format("Markdown", "text/markdown", Method.PLAIN, (".md", ".markdown", ".mdx", ".qmd")),
    Format("reStructuredText", "text/x-rst", Method.PLAIN, (".rst", ".rest")),
    Format("JSON", "application/json", Method.PLAIN, (".json", ".geojson")),
    Format("JSON lines", "application/jsonl", Method.PLAIN, (".jsonl", ".ndjson")),
    Format("CSV", "text/csv", Method.PLAIN, (".csv",)),
    Format("TSV", "text/tab-separated-values", Method.PLAIN, (".tsv", ".tab")),
    Format("YAML", "application/yaml", Method.PLAIN, (".yaml", ".yml")),
    Format("TOML", "application/toml", Method.PLAIN, (".toml", ".ini", ".cfg", ".conf")),
    Format("XML", "application/xml", Method.PLAIN, (".xml",)),
    Format("TeX", "text/x-tex", Method.PLAIN, (".tex",)),
    Format("Org", "text/x-org", Method.PLAIN, (".org", ".adoc", ".asciidoc")),
    Format(
        "source code",
        SOURCE_CODE,
        Method.PLAIN,
        tuple(
            ".py .pyi .js .mjs .ts .tsx .jsx .java .kt .c .h .cc .cpp .hpp .cs .go .rs .rb .php"
            " .swift .scala .sh .bash .ps1 .sql .r .jl .lua .pl .css .scss .proto .graphql".split()
        ),
    ),
    Format("HTML", "text/html", Method.HTML, (".html", ".htm", ".xhtml")),
    Format("email", "message/rfc822", Method.EMAIL, (".eml",)),
    Format("Outlook message", "application/vnd.ms-outlook", Method.BINARY, (".msg",)),
    Format("RTF", "application/rtf", Method.RTF, (".rtf",)),
    Format("PDF", "application/pdf", Method.BINARY, (".pdf",)),
    Format("Word", f"{_OOXML}.wordprocessingml.document", Method.PACKED, (".docx",)),
    Format("PowerPoint", f"{_OOXML}.presentationml.presentation", Method.PACKED, (".pptx",)),
    Format("Excel", f"{_OOXML}.spreadsheetml.sheet", Method.PACKED, (".xlsx",)),
    Format("OpenDocument text", f"{_ODF}.text", Method.PACKED, (".odt",)),
    Format("OpenDocument sheet", f"{_ODF}.spreadsheet", Method.PACKED, (".ods",)),
    Format("EPUB", "application/epub+zip", Method.PACKED, (".epub",)),
)

_BY_EXTENSION = {extension: kind for kind in FORMATS for extension in kind.extensions}
_BY_MEDIA_TYPE = {kind.media_type: kind for kind in FORMATS}


def format_of(path: Path) -> Format | None:
    """Return the format that a file's name promises, or None when it is not one of ours."""
    return _BY_EXTENSION.get(path.suffix.lower())


def format_of_media_type(media_type: str) -> Format:
    """Return the format of one of our own media types."""
    return _BY_MEDIA_TYPE[media_type]


def is_supported(path: Path) -> bool:
    """Say whether ingest reads files of this name."""
    return format_of(path) is not None
