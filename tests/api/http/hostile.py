"""Uploads that somebody could send to do harm, or by mistake: each with the answer it must get."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field

BOUNDARY = "b0undary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
JSON = "application/json"

_DOCX_TYPES = b"""<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/\
content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One upload: its body, the status it must get, and further headers."""

    name: str
    body: bytes
    status: int
    content_type: str = FORM
    headers: dict[str, str] = field(default_factory=dict)


def form(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    """Return a form's body: content-disposition and content of each part."""
    lines = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode(
            "utf-8", "surrogatepass"
        )
        + content
        + b"\r\n"
        for disposition, content in parts
    )
    return lines + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def one_file(name: str, content: bytes) -> bytes:
    """Return a form with one file."""
    return form((f'form-data; name="file"; filename="{name}"', content))


def zipped(entries: dict[str, bytes], level: int = 9) -> bytes:
    """Return a zip of entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _lying_zip() -> bytes:
    """Return a zip that says its entry has ten bytes, and has ten million."""
    data = bytearray(zipped({"word/document.xml": b"0" * 10_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(signature)
        data[at + offset : at + offset + 4] = struct.pack("<I", 10)
    return bytes(data)


def _pdf_bomb() -> bytes:
    """Return a PDF whose page is a stream of zeros, deflated twice."""
    stream = zlib.compress(zlib.compress(b"0" * 400_000_000, 9), 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream"
        % (len(stream), stream),
    ]
    body = b"".join(b"%d 0 obj%s endobj\n" % (i, one) for i, one in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF"


_BOMB = b"<w:t>" + b"a" * 60_000_000 + b"</w:t>"
_ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">%s]>
<w:document xmlns:w="w"><w:t>&z9;</w:t></w:document>""" % b"".join(
    b'<!ENTITY z%d "%s">' % (i, (b"&z%d;" % (i - 1) if i else b"&a;") * 50) for i in range(10)
)

_NAMES = [
    "",
    ".",
    "..",
    "../..",
    "/",
    "a/",
    "a\\\\",
    "   .txt   /",
    "nul\x00.txt",
    "line\nbreak.txt",
    "bell\x07.txt",
    "x" * 300 + ".txt",
    "é" * 200 + ".txt",
]
_KINDS = [
    ("run.exe", b"MZ\x90\x00"),
    ("page.php5", b"<?php system('id'); ?>"),
    ("archive.zip", zipped({"a.txt": b"a"})),
    ("archive.tar.gz", b"\x1f\x8b\x08\x00"),
    ("image.png", b"\x89PNG\r\n\x1a\n"),
    ("image.svg", b"<svg onload='alert(1)'/>"),
    ("book.pkl", b"\x80\x04N."),
    ("noextension", b"text"),
    (".htaccess", b"Options"),
    ("double.txt.exe", b"MZ"),
    ("dot.", b"text"),
]
_BROKEN = [
    ("a.pdf", b""),
    ("a.pdf", b"not a PDF"),
    ("a.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40),
    ("a.pdf", b"%PDF-1.4\n1 0 obj<</Kids[1 0 R]/Count 99999999>>endobj trailer<</Root 1 0 R>>"),
    ("a.pdf", _pdf_bomb()),
    ("a.docx", b""),
    ("a.docx", b"PK\x03\x04 and no more"),
    ("a.docx", b"%PDF-1.7 in truth"),
    ("a.docx", zipped({})),
    ("a.docx", zipped({"nothing.xml": b"<a/>"})),
    ("a.docx", zipped({"[Content_Types].xml": _DOCX_TYPES, "word/document.xml": _BOMB})),
    ("a.docx", zipped({"[Content_Types].xml": _DOCX_TYPES, "word/document.xml": _ENTITIES})),
    ("a.docx", _lying_zip()),
    ("a.docx", zipped({f"word/{i}.xml": b"" for i in range(2_500)}, level=0)),
    ("a.docx", zipped({"../../../../tmp/escape.txt": b"out", "word/document.xml": b"<"})),
    ("a.xlsx", zipped({"xl/workbook.xml": b"<" * 1000})),
    (
        "a.pptx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"EncryptedPackage".decode().encode("utf-16-le"),
    ),
    ("a.epub", zipped({"mimetype": b"application/epub+zip"})),
    ("a.odt", zipped({"content.xml": b"<office:document"})),
    ("a.rtf", b"{\\rtf1" + b"{" * 100_000),
    ("a.msg", b"\xd0\xcf\x11\xe0" + bytes(512)),
    ("a.eml", b"\x00" * 2000),
    ("a.html", b"<html><body><script>alert(1)</script></body></html>"),
    ("a.html", b"<style>" + b"x" * 100_000 + b"</style>"),
    ("a.txt", b""),
    ("a.txt", b" \r\n\t "),
    ("a.txt", b"\xef\xbb\xbf"),
    ("a.txt", b"x" * 21_000_000),
]


def hostile_uploads(max_bytes: int, max_files: int) -> list[Hostile]:
    """Return the corpus, for a service with these limits on an upload."""
    good = b"A text."
    file = 'form-data; name="file"; filename="a.txt"'
    found = [Hostile(f"name-{i}", one_file(name, good), 422) for i, name in enumerate(_NAMES)]
    found += [Hostile(f"kind-{name}", one_file(name, data), 422) for name, data in _KINDS]
    found += [
        Hostile(f"broken-{i}-{name}", one_file(name, data), 422)
        for i, (name, data) in enumerate(_BROKEN)
    ]
    fields = [
        ("collection", b""),
        ("collection", b"x" * 300),
        ("collection", b"\xff\xfe"),
        ("collection", b"a\x00b"),
        ("allow", b"hr"),
        ("allow", b"group:" + b"x" * 1000),
        ("allow", b"user:a\nb"),
        ("metadata", b"{"),
        ("metadata", b"[]"),
        ("metadata", b"NaN"),
        ("metadata", b'{"a": 1e999}'),
        ("metadata", b'{"a":' * 5000 + b"1" + b"}" * 5000),
        ("metadata", b"{" + b",".join(b'"%d": 1' % i for i in range(200)) + b"}"),
        ("metadata", b"x" * 70_000),
        ("principals", b"group:hr"),
        ("file", b"not sent as a file"),
    ]
    found += [
        Hostile(f"field-{i}-{name}", form((file, good), (f'form-data; name="{name}"', value)), 422)
        for i, (name, value) in enumerate(fields)
    ]
    twice = ('form-data; name="collection"', b"a")
    found += [
        Hostile("no-part", form(), 422),
        Hostile("no-file", form(('form-data; name="collection"', b"hr")), 422),
        Hostile("field-twice", form((file, good), twice, twice), 422),
        Hostile("many-fields", form(*[(f'form-data; name="{i}"', b"") for i in range(100)]), 422),
        Hostile("same-name-twice", form((file, good), (file, good)), 422),
        Hostile(
            "many-files",
            form(*[(file.replace("a.txt", f"{i}.txt"), good) for i in range(max_files + 1)]),
            413,
        ),
        Hostile("other-field", form((file.replace('"file"', '"document"'), good)), 422),
        Hostile("cut-off", form((file, good), end=False)[:-5], 422),
        Hostile("no-end", form((file, good), end=False), 422),
        Hostile("no-disposition", f"--{BOUNDARY}\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(), 422),
        Hostile("long-header", form((file + "; x=" + "y" * 100_000, good)), 422),
        Hostile("many-headers", form((file + "\r\nX: y" * 1000, good)), 422),
        Hostile("not-utf-8", form((file, good)).replace(b"a.txt", b"\xff.txt"), 422),
        Hostile("garbage", bytes(range(256)) * 50, 422),
        Hostile("empty", b"", 422),
        Hostile("no-boundary", form((file, good)), 422, "multipart/form-data"),
        Hostile("other-boundary", form((file, good)), 422, "multipart/form-data; boundary=x"),
        Hostile(
            "long-boundary", form((file, good)), 422, "multipart/form-data; boundary=" + "x" * 999
        ),
        Hostile("too-large", one_file("a.txt", b"x" * (max_bytes + 1)), 413),
        Hostile(
            "json-too-large", b'{"name": "a.txt", "text": "' + b"x" * 1_100_000 + b'"}', 413, JSON
        ),
        Hostile("not-json", b"{", 400, JSON),
        Hostile("deep-json", b"[" * 100_000, 400, JSON),
        Hostile("json-list", b"[]", 422, JSON),
        Hostile("json-no-text", b'{"name": "a.txt"}', 422, JSON),
        Hostile("json-number", b'{"name": "a.txt", "text": 1}', 422, JSON),
        Hostile("json-unknown", b'{"name": "a.txt", "text": "x", "path": "/"}', 422, JSON),
        Hostile("json-surrogate", b'{"name": "a.txt", "text": "\\ud800"}', 422, JSON),
        Hostile("json-blank", b'{"name": "a.txt", "text": " "}', 422, JSON),
        Hostile("json-name", b'{"name": "../", "text": "x"}', 422, JSON),
        Hostile(
            "json-infinite", b'{"name": "a", "text": "x", "metadata": {"a": Infinity}}', 422, JSON
        ),
        Hostile("plain", b"A text.", 415, "text/plain"),
        Hostile("octets", b"\x00", 415, "application/octet-stream"),
        Hostile("urlencoded", b"file=a", 415, "application/x-www-form-urlencoded"),
        Hostile("no-type", b"x", 415, ""),
    ]
    return found
