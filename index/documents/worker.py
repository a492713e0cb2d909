"""The child process that opens documents: ``python -m answerable.index.documents.worker``.

It reads requests from standard input and writes replies to standard output, each a
4-byte big-endian length and that many bytes of JSON, and ends at the end of its input.
What it may take is given up before the first file is opened (limits.py, pdf_library.py); the
parent side is extraction.py.
"""

import json
import os
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import DocumentReaderUnavailable, ExtractionFailed
from ..types import ExtractedDocument, Page
from .archives import check_archive
from .email_text import email_to_text
from .framing import HEADER
from .html_text import decode_html, html_to_text
from .limits import (
    ExtractionLimits,
    allow_processor_time,
    give_up_rights,
    limit_resources,
    size_name,
)
from .media import Format, Method, format_of_media_type
from .pdf_library import load_pdf_library
from .rendering import clean, render, tile, with_slide_titles
from .rtf_charsets import resolve_charsets
from .titles import clean_title, is_telling, title_of_name

if TYPE_CHECKING:
    import kreuzberg

# Of the letters and digits that a PDF's pages hold, the share that its structure must
# keep for us to prefer it: it drops running headers on purpose, and more by mistake.
_MIN_KEPT = 0.8

_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def extract(path: Path, kind: Format, limits: ExtractionLimits) -> ExtractedDocument:
    """Return the readable text of one file that is not plain text.

    Raises:
        ExtractionFailed: the reason, one line.
    """
    data = path.read_bytes()
    pages: tuple[Page, ...] = ()
    if kind.method is Method.HTML:
        html = html_to_text(decode_html(data))
        text, title = clean(html.text), html.title
    elif kind.method is Method.EMAIL:
        text, title = email_to_text(data)
        text = clean(text)
    else:
        if kind.method is Method.PACKED:
            check_archive(data, limits, kind.name)
        if kind.method is Method.RTF:
            data = resolve_charsets(data)
        text, title, pages = _extract_with_kreuzberg(data, kind)
    if not text.strip():
        scanned = " (scanned pages need OCR)" if kind.media_type == "application/pdf" else ""
        raise ExtractionFailed(f"no text found{scanned}")
    if len(text.encode()) > limits.max_text_bytes:
        raise ExtractionFailed(f"holds more than {size_name(limits.max_text_bytes)} of text")
    title = clean_title(clean(title)) or title_of_name(path)
    return ExtractedDocument(text, title, kind.media_type, pages)


def _extract_with_kreuzberg(data: bytes, kind: Format) -> tuple[str, str, tuple[Page, ...]]:
    """Return text, title and pages as kreuzberg sees them."""
    # Its Markdown reading finds headings and paragraphs; only the structure of it is used.
    result = _run_kreuzberg(data, kind, "markdown")
    nodes: list[Any] = result.document["nodes"] if result.document else []
    if kind.name == "PowerPoint":
        plain_reading = _run_kreuzberg(data, kind, "plain").document
        nodes = with_slide_titles(plain_reading["nodes"] if plain_reading else [], nodes)
    text, pages = render(nodes)
    if kind.name == "PDF":
        plain, plain_pages = _pages_as_they_are(result.pages or [])
        if _n_letters(text) < _MIN_KEPT * _n_letters(plain):
            text, pages = plain, plain_pages
    metadata: dict[str, Any] = dict(result.metadata)
    title = str(metadata.get("title") or metadata.get("subject") or "")
    if not is_telling(title):
        heading = _HEADING.search(text) if "sheet" not in kind.media_type else None
        title = heading[1] if heading else ""
    return text, title, pages


def _run_kreuzberg(data: bytes, kind: Format, output_format: str) -> "kreuzberg.ExtractionResult":
    """Run kreuzberg on one file, without OCR, cache or threads."""
    import kreuzberg

    config = kreuzberg.ExtractionConfig(  # type: ignore[call-arg]  # its stub lacks disable_ocr
        use_cache=False,
        disable_ocr=True,
        output_format=output_format,
        include_document_structure=True,
        pages=kreuzberg.PageConfig(extract_pages=True) if kind.name == "PDF" else None,
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        return kreuzberg.extract_bytes_sync(data, kind.media_type, config)
    except kreuzberg.KreuzbergError as exc:
        locked = "password" in str(exc).lower() or "encrypt" in str(exc).lower()
        reason = "password protected" if locked else f"not a readable {kind.name} file"
        raise ExtractionFailed(reason) from exc


def _pages_as_they_are(pages: list[Any]) -> tuple[str, tuple[Page, ...]]:
    """Return the pages' text without structure, joined by an empty line."""
    text, starts = "", {}
    for page in pages:
        words = clean(page["content"]).strip()
        if words:
            text += "\n\n" if text else ""
            starts[page["page_number"]] = len(text)
            text += words
    return text, tile(starts, len(text))


def _n_letters(text: str) -> int:
    """Count letters and digits."""
    return sum(map(str.isalnum, text))


def _reply(
    request: dict[str, Any], limits: ExtractionLimits, pdf_failure: str | None
) -> dict[str, Any]:
    """Answer one request; whatever goes wrong becomes a reason."""
    kind = format_of_media_type(request["media_type"])
    try:
        if kind.name == "PDF" and pdf_failure:
            raise DocumentReaderUnavailable(pdf_failure)
        return asdict(extract(Path(request["path"]), kind, limits))
    except DocumentReaderUnavailable as exc:
        return {"reason": str(exc), "unavailable": True}
    except ExtractionFailed as exc:
        return {"reason": str(exc)}
    except MemoryError:
        return {
            "reason": f"needs more than {size_name(limits.memory_bytes)} of memory",
            "spent": True,
        }
    except OSError as exc:
        return {"reason": f"cannot be read: {(exc.strerror or 'unknown error').lower()}"}
    except RecursionError:
        return {"reason": "nested too deeply"}
    except BaseException:  # noqa: BLE001 - the outermost edge; a panic in Rust is no Exception
        return {"reason": f"not a readable {kind.name} file", "spent": True}


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next message of a pipe, or None at its end."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    return stream.read(HEADER.unpack(header)[0])


def main() -> None:
    """Serve requests until the input ends; the first message holds the limits."""
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(1), "wb")
    # What a library prints must not end up between two replies.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    reply: dict[str, Any] = give_up_rights()
    pdf_failure = load_pdf_library()
    hello = read_frame(requests)
    if hello is None:
        return
    limits = ExtractionLimits(**json.loads(hello))
    limit_resources(limits)
    while True:
        # ASCII escapes carry any string, the lone surrogates of odd file names included.
        message = json.dumps(reply).encode("ascii")
        replies.write(HEADER.pack(len(message)) + message)
        replies.flush()
        request = read_frame(requests)
        if request is None:
            return
        allow_processor_time(limits)
        reply = _reply(json.loads(request), limits, pdf_failure)


if __name__ == "__main__":
    main()
