"""Small real files of every format, written by hand, so that no binary is committed."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


class Samples:
    """Writes documents into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, data: bytes | str) -> Path:
        """Write bytes, or text as UTF-8 without touching its line ends."""
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def package(self, name: str, parts: Mapping[str, str | bytes]) -> Path:
        """Write a zip of parts."""
        path = self.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, data in parts.items():
                archive.writestr(part, data)
        return path

    def docx(self, name: str, body: str) -> Path:
        """Write a Word document around WordprocessingML."""
        return self.package(
            name,
            {
                "[Content_Types].xml": _content_types(
                    "word/document.xml", "wordprocessingml.document.main"
                ),
                "_rels/.rels": _relation("officeDocument", "word/document.xml"),
                "word/_rels/document.xml.rels": _relation("styles", "styles.xml"),
                "word/styles.xml": f'<w:styles xmlns:w="{_WORD}"><w:style w:type="paragraph" '
                'w:styleId="Heading1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/>'
                "</w:pPr></w:style></w:styles>",
                "word/document.xml": f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
            },
        )

    def xlsx(self, name: str, rows: list[list[str]]) -> Path:
        """Write a workbook of one sheet, "Rates"."""
        cells = "".join(
            "<row>" + "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in row) + "</row>"
            for row in rows
        )
        return self.package(
            name,
            {
                "[Content_Types].xml": _content_types(
                    "xl/workbook.xml", "spreadsheetml.sheet.main"
                ),
                "_rels/.rels": _relation("officeDocument", "xl/workbook.xml"),
                "xl/_rels/workbook.xml.rels": _relation("worksheet", "worksheets/sheet1.xml"),
                "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets>'
                '<sheet name="Rates" sheetId="1" r:id="r1"/></sheets></workbook>',
                "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{cells}'
                "</sheetData></worksheet>",
            },
        )

    def pptx(self, name: str, title: str, body: str) -> Path:
        """Write a presentation of one slide."""
        shape = (
            '<p:sp><p:nvSpPr><p:cNvPr id="{id}" name="s"/><p:cNvSpPr/><p:nvPr><p:ph type="{kind}"/>'
            "</p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
            "</p:txBody></p:sp>"
        )
        shapes = shape.format(id=2, kind="title", text=title) + shape.format(
            id=3, kind="body", text=body
        )
        return self.package(
            name,
            {
                "[Content_Types].xml": _content_types(
                    "ppt/presentation.xml", "presentationml.presentation.main"
                ),
                "_rels/.rels": _relation("officeDocument", "ppt/presentation.xml"),
                "ppt/_rels/presentation.xml.rels": _relation("slide", "slides/slide1.xml"),
                "ppt/presentation.xml": f'<p:presentation xmlns:p="{_SLIDE}" xmlns:r="{_OFFICE}">'
                '<p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst></p:presentation>',
                "ppt/slides/slide1.xml": f'<p:sld xmlns:p="{_SLIDE}" xmlns:a="{_DRAWING}"><p:cSld>'
                f"<p:spTree>{shapes}</p:spTree></p:cSld></p:sld>",
            },
        )

    def odt(self, name: str, body: str) -> Path:
        """Write an OpenDocument text around its XML."""
        return self.package(
            name,
            {
                "mimetype": "application/vnd.oasis.opendocument.text",
                "content.xml": f'<office:document-content xmlns:office="{_ODF}:office:1.0" '
                f'xmlns:text="{_ODF}:text:1.0"><office:body><office:text>{body}</office:text>'
                "</office:body></office:document-content>",
            },
        )

    def epub(self, name: str, title: str, chapter: str) -> Path:
        """Write a book of one chapter."""
        return self.package(
            name,
            {
                "mimetype": "application/epub+zip",
                "META-INF/container.xml": '<container version="1.0" xmlns="urn:oasis:names:tc:'
                'opendocument:xmlns:container"><rootfiles><rootfile full-path="b.opf" '
                'media-type="application/oebps-package+xml"/></rootfiles></container>',
                "b.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
                f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata>'
                '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
                '<spine><itemref idref="c"/></spine></package>',
                "c.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{chapter}</body></html>',
            },
        )

    def pdf(self, name: str, pages: list[list[tuple[int, str]]], extra_trailer: str = "") -> Path:
        """Write a PDF; each page is lines of (font size, text), top to bottom."""
        objects = [
            "<</Type/Catalog/Pages 2 0 R>>",
            "",
            "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
        kids = []
        for lines in pages:
            y, commands = 780, []
            for size, line in lines:
                commands.append(f"BT /F1 {size} Tf 50 {y} Td ({line}) Tj ET")
                y -= size + 4
            stream = "\n".join(commands)
            objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
            objects.append(
                f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {len(objects)} 0 R"
                "/Resources<</Font<</F1 3 0 R>>>>>>"
            )
            kids.append(f"{len(objects)} 0 R")
        objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>"
        out, offsets = "%PDF-1.4\n", []
        for number, body in enumerate(objects, 1):
            offsets.append(len(out))
            out += f"{number} 0 obj\n{body}\nendobj\n"
        table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
        out += (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer<</Size {len(objects) + 1}/Root 1 0 R{extra_trailer}>>\nstartxref\n"
            f"{out.index('xref') if 'xref' in out else len(out)}\n%%EOF"
        )
        return self.file(name, out.encode("latin-1"))


def _content_types(part: str, kind: str) -> str:
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
        'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Override PartName="/{part}" '
        f'ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/></Types>'
    )


def _relation(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )
