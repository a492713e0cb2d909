"""Build the demo handbook's binary files from the texts in ``handbook_sources``.

The results are committed, so nobody needs this script to run the demo; it is here so that the files can be
changed by editing text. The same sources give the same bytes on every run: dates are fixed and archive members
carry one constant time stamp.

Needs, in an environment of its own: ``pip install fpdf2 python-docx python-pptx openpyxl``. Then::

    python examples/build_handbook.py
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple
from xml.sax.saxutils import escape

import docx
import openpyxl
import pptx
from fpdf import FPDF
from openpyxl.styles import Font

SOURCES = Path(__file__).with_name("handbook_sources")
TARGET = Path(__file__).with_name("handbook")
BUILT = datetime(2026, 2, 20, 9, 0, 0, tzinfo=UTC)
COMPANY = "Larkmoor Instruments"

Kind = Literal["title", "heading", "item", "paragraph"]
MARKERS: tuple[tuple[str, Kind], ...] = (("# ", "title"), ("## ", "heading"), ("- ", "item"))


class Block(NamedTuple):
    """One line of a source text: what it is, and its words without the marker."""

    kind: Kind
    text: str


def read_blocks(name: str) -> list[Block]:
    """Read a source text; each line that is not empty is one block."""
    lines = (SOURCES / name).read_text(encoding="utf-8").splitlines()
    return [_block(line) for line in lines if line.strip()]


def _block(line: str) -> Block:
    for marker, kind in MARKERS:
        if line.startswith(marker):
            return Block(kind, line.removeprefix(marker))
    return Block("paragraph", line)


def write_archive(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Write a zip archive with constant time stamps; a member called ``mimetype`` stays uncompressed."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, date_time=BUILT.timetuple()[:6])
            # EPUB and ODT readers recognize the file by its first member, stored as it is.
            stored = name == "mimetype"
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, content)


def write_office(path: Path, saved: io.BytesIO) -> None:
    """Repack an Office file so that neither its archive nor its properties hold the time of the build."""
    stamp = BUILT.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(saved) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    write_archive(
        path,
        [
            (
                name,
                re.sub(rb"\d{4}-\d\d-\d\dT[\d:.]+Z", stamp, content)
                if "core.xml" in name
                else content,
            )
            for name, content in members
        ],
    )


class _Pages(FPDF):
    """A4 pages with the page number in the footer."""

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("Helvetica", size=9)
        self.cell(0, 10, str(self.page_no()), align="C")


def build_pdf(path: Path, blocks: Sequence[Block]) -> None:
    """Write a PDF in the standard fonts, which need no embedding."""
    pdf = _Pages()
    pdf.set_creation_date(BUILT)
    pdf.set_title(blocks[0].text)
    pdf.set_author(COMPANY)
    pdf.set_margin(25)
    pdf.set_auto_page_break(True, margin=25)
    pdf.add_page()
    styles = {"title": ("B", 20), "heading": ("B", 14), "item": ("", 11), "paragraph": ("", 11)}
    for kind, text in blocks:
        style, size = styles[kind]
        if kind == "heading":
            if pdf.will_page_break(35):  # a heading alone at the foot of a page reads badly
                pdf.add_page()
            pdf.ln(3)
        pdf.set_font("Helvetica", style=style, size=size)
        pdf.multi_cell(0, size * 0.5, text, align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)
    pdf.output(str(path))


def build_docx(path: Path, blocks: Sequence[Block]) -> None:
    """Write a Word document with real heading and list styles."""
    document = docx.Document()
    styles = {
        "title": "Title",
        "heading": "Heading 1",
        "item": "List Bullet",
        "paragraph": "Normal",
    }
    for kind, text in blocks:
        document.add_paragraph(text, style=styles[kind])
    document.core_properties.title = blocks[0].text
    document.core_properties.author = COMPANY
    saved = io.BytesIO()
    document.save(saved)
    write_office(path, saved)


def build_pptx(path: Path, blocks: Sequence[Block]) -> None:
    """Write a presentation: the title and its subtitle, then one slide for each heading."""
    show = pptx.Presentation()
    frame = None
    for kind, text in blocks:
        if kind in ("title", "heading"):
            slide = show.slides.add_slide(show.slide_layouts[0 if kind == "title" else 1])
            slide.shapes.title.text = text
            frame, first = slide.placeholders[1].text_frame, True
        elif frame is not None:
            paragraph = frame.paragraphs[0] if first else frame.add_paragraph()
            paragraph.text, first = text, False
    show.core_properties.title = blocks[0].text
    show.core_properties.author = COMPANY
    saved = io.BytesIO()
    show.save(saved)
    write_office(path, saved)


def build_xlsx(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a workbook of one sheet; digits become numbers and the first row is bold."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Equipment 2026"
    for row in rows:
        sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    book.properties.creator = COMPANY
    saved = io.BytesIO()
    book.save(saved)
    write_office(path, saved)


def build_epub(path: Path, blocks: Sequence[Block]) -> None:
    """Write an EPUB 3 book with one chapter for each heading."""
    title, chapters = blocks[0].text, _chapters(blocks[1:])
    names = [f"chapter-{number:02}.xhtml" for number in range(1, len(chapters) + 1)]
    links = "".join(
        f'<li><a href="{name}">{escape(chapter[0].text)}</a></li>'
        for name, chapter in zip(names, chapters, strict=True)
    )
    items = "".join(
        f'<item id="c{i}" href="{name}" media-type="application/xhtml+xml"/>'
        for i, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(names)))
    package = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">larkmoor:{path.stem}</dc:identifier><dc:title>{escape(title)}</dc:title>'
        f"<dc:language>en</dc:language><dc:creator>{COMPANY}</dc:creator>"
        f'<meta property="dcterms:modified">{BUILT:%Y-%m-%dT%H:%M:%SZ}</meta></metadata>'
        '<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        f"{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    nav = f'<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol>{links}</ol></nav>'
    pages = [(f"book/{n}", _xhtml(title, _html(c))) for n, c in zip(names, chapters, strict=True)]
    texts = [
        ("mimetype", "application/epub+zip"),
        ("META-INF/container.xml", container),
        ("book/content.opf", package),
        ("book/nav.xhtml", _xhtml(title, nav)),
        *pages,
    ]
    write_archive(path, [(name, text.encode()) for name, text in texts])


def _chapters(blocks: Sequence[Block]) -> list[list[Block]]:
    chapters: list[list[Block]] = []
    for block in blocks:
        if block.kind == "heading":
            chapters.append([])
        chapters[-1].append(block)
    return chapters


def _html(blocks: Iterable[Block]) -> str:
    return "\n".join(
        f"<h1>{escape(text)}</h1>" if kind == "heading" else f"<p>{escape(text)}</p>"
        for kind, text in blocks
    )


def _xhtml(title: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title>{escape(title)}</title></head>\n<body>\n{body}\n</body></html>"
    )


def build_odt(path: Path, blocks: Sequence[Block]) -> None:
    """Write an OpenDocument text of headings and paragraphs."""
    mimetype = "application/vnd.oasis.opendocument.text"
    namespace = "urn:oasis:names:tc:opendocument:xmlns"
    levels = {"title": 1, "heading": 2}
    body = "".join(
        f'<text:h text:outline-level="{levels[kind]}">{escape(text)}</text:h>'
        if kind in levels
        else f"<text:p>{escape(text)}</text:p>"
        for kind, text in blocks
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{namespace}:office:1.0" '
        f'xmlns:text="{namespace}:text:1.0" office:version="1.2"><office:body><office:text>{body}</office:text>'
        "</office:body></office:document-content>"
    )
    entries = (("/", mimetype), ("content.xml", "text/xml"))
    manifest = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
        for name, kind in entries
    )
    manifest = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="{namespace}:manifest:1.0" '
        f'manifest:version="1.2">{manifest}</manifest:manifest>'
    )
    texts = [("mimetype", mimetype), ("content.xml", content), ("META-INF/manifest.xml", manifest)]
    write_archive(path, [(name, text.encode()) for name, text in texts])


def main() -> None:
    """Build every binary file of the handbook."""
    build_pdf(TARGET / "information-security.pdf", read_blocks("information-security.md"))
    build_docx(TARGET / "onboarding.docx", read_blocks("onboarding.md"))
    build_pptx(TARGET / "company-plan-2026.pptx", read_blocks("company-plan-2026.md"))
    build_epub(TARGET / "heron-h4-guide.epub", read_blocks("heron-h4-guide.md"))
    build_odt(TARGET / "workplace-safety.odt", read_blocks("workplace-safety.md"))
    with (SOURCES / "equipment.csv").open(encoding="utf-8", newline="") as source:
        build_xlsx(TARGET / "equipment.xlsx", csv.reader(source))


if __name__ == "__main__":
    main()
