import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from answerable.index import ExtractedDocument, ExtractionFailed, Page
from answerable.index.documents import (
    ExtractionLimits,
    Extractor,
    is_supported,
)
from tests.index.documents.samples import Samples

PARAGRAPH = "<w:p>{style}<w:r><w:t>{text}</w:t></w:r></w:p>"
HEADING = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>'


def _paragraphs(text: str) -> str:
    return PARAGRAPH.format(style="", text=text)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.txt", b"\xef\xbb\xbfe\xcc\x81 \xc4\xb0\r\n\ttab \xe6\xbc\xa2\r\n"),
        ("notes.md", "# Titre\r\n\r\nDu texte 👩‍👩‍👧.\r\n".encode()),
        ("notes.csv", b'a;b\r\n"x\ny";2\r\n'),
        ("notes.json", b'{"a": {"b": "\\u00e9"}}'),
    ],
)
def test_plain_text_is_stored_unchanged(
    samples: Samples, extractor: Extractor, name: str, data: bytes
) -> None:
    """The stored text of a plain-text file is the file's own text, byte for byte."""
    path = samples.file(name, data)
    assert extractor.extract(path).text.encode() == data


def test_plain_text_starts_no_child(samples: Samples) -> None:
    """A folder of plain text costs no child process."""
    with Extractor() as extractor:
        extractor.extract(samples.file("a.md", "# A"))
        assert extractor.child_pid is None


def test_docx(samples: Samples, extractor: Extractor) -> None:
    """A Word document becomes headings, paragraphs and table rows, free of markup."""
    table = "".join(
        "<w:tr>" + "".join(f"<w:tc>{_paragraphs(cell)}</w:tc>" for cell in row) + "</w:tr>"
        for row in (("Grade", "Days"), ("A", "25"))
    )
    body = (
        PARAGRAPH.format(style=HEADING, text="Leave rules")
        + _paragraphs("Staff get *25* days_off.")
        + f"<w:tbl>{table}</w:tbl>"
        + _paragraphs("After the table.")
    )
    assert extractor.extract(samples.docx("leave.docx", body)) == ExtractedDocument(
        "# Leave rules\n\nStaff get *25* days_off.\n\nGrade | Days\nA | 25\n\nAfter the table.",
        "Leave rules",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    )


def test_xlsx(samples: Samples, extractor: Extractor) -> None:
    """A workbook becomes its sheets' names and rows; its file name is its title."""
    path = samples.xlsx("pay_rates.xlsx", [["City", "Rate"], ["Oslo", "12.5"], ["", ""]])
    document = extractor.extract(path)
    assert document.text == "## Rates\n\nCity | Rate\nOslo | 12.5"
    assert document.title == "pay rates"


def test_pptx(samples: Samples, extractor: Extractor) -> None:
    """A slide's title is a heading and the title of the presentation."""
    document = extractor.extract(samples.pptx("talk.pptx", "Results 2024", "Revenue was 5 M."))
    assert document.text == "## Results 2024\n\nRevenue was 5 M."
    assert document.title == "Results 2024"


def test_odt(samples: Samples, extractor: Extractor) -> None:
    """An OpenDocument text keeps its headings by level."""
    path = samples.odt(
        "o.odt", '<text:h text:outline-level="2">Scope</text:h><text:p>All staff.</text:p>'
    )
    assert extractor.extract(path).text == "## Scope\n\nAll staff."


def test_epub(samples: Samples, extractor: Extractor) -> None:
    """A book has the title of its metadata and its chapters' text."""
    document = extractor.extract(
        samples.epub("b.epub", "The Book", "<h1>One</h1><p>It was <i>cold</i>.</p>")
    )
    assert (document.title, document.text) == ("The Book", "# One\n\nIt was cold.")


def test_pdf_keeps_page_numbers(samples: Samples, extractor: Extractor) -> None:
    """Pages tile the text of a PDF; an empty page has no part of it."""
    path = samples.pdf("p.pdf", [[(12, "First page.")], [], [(12, "Third page.")]])
    document = extractor.extract(path)
    assert document.text == "First page.\n\nThird page."
    assert document.pages == (Page(1, 0, 13), Page(3, 13, 24))


def test_html(samples: Samples, extractor: Extractor) -> None:
    """A page is read in its declared encoding; its title is kept apart from its text."""
    html = '<meta charset="windows-1251"><title>Страница</title><h1>Да</h1><p>Это <b>текст</b>.'
    document = extractor.extract(samples.file("page.html", html.encode("cp1251")))
    assert document == ExtractedDocument("# Да\n\nЭто текст.", "Страница", "text/html")


def test_rtf_reads_each_font_in_its_character_set(samples: Samples, extractor: Extractor) -> None:
    """Bytes in a Central European font are its letters, not Western ones."""
    rtf = (
        rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset238 Calibri;}{\f1\fcharset0 Arial;}}"
        rb"\f0\'c8l\'e1nek t\'fddne. \f1 caf\'e9 \u345\'f8.\par}"
    )
    assert extractor.extract(samples.file("cz.rtf", rtf)).text == "Článek týdne. café ř."


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.epub", "a.msg", "a.odt"])
@pytest.mark.parametrize(
    "data", [b"junk", b"PK\x03\x04junk" * 9, b"%PDF-1.4\njunk", os.urandom(999)]
)
def test_broken_file_gives_one_plain_line(
    samples: Samples, extractor: Extractor, name: str, data: bytes
) -> None:
    """Whatever a broken file holds, the reason is short, on one line, and names no path."""
    path = samples.file(name, data)
    with pytest.raises(ExtractionFailed) as failure:
        extractor.extract(path)
    reason = str(failure.value)
    assert len(reason) < 100 and "\n" not in reason and str(samples.folder) not in reason


def test_scanned_pdf_asks_for_ocr(samples: Samples, extractor: Extractor) -> None:
    """A PDF without text says what it would need."""
    with pytest.raises(ExtractionFailed, match=r"^no text found \(scanned pages need OCR\)$"):
        extractor.extract(samples.pdf("scan.pdf", [[]]))


def test_encrypted_files_say_so(samples: Samples, extractor: Extractor) -> None:
    """Encryption is told from damage, in PDF, Office and OpenDocument files."""
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le")
    lock = "/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<{0}>/U<{0}>>>".format("00" * 32)
    for path in (
        samples.pdf("a.pdf", [[(12, "Secret")]], lock),
        samples.file("a.docx", ole),
        samples.package("a.odt", {"META-INF/manifest.xml": "<manifest:encryption-data/>"}),
    ):
        with pytest.raises(ExtractionFailed, match=r"^password protected$"):
            extractor.extract(path)


def test_zip_bombs_are_refused(samples: Samples, extractor: Extractor) -> None:
    """Zipped documents are counted while inflating, before anything parses them."""
    for parts, reason in (
        ({"word/document.xml": bytes(50_000_000)}, "inflates to more than 100 times its size"),
        ({f"part{n}": b"" for n in range(2_001)}, "holds more than 2000 packed parts"),
    ):
        with pytest.raises(ExtractionFailed, match=f"^{reason}$"):
            extractor.extract(samples.package("bomb.docx", parts))


def test_entity_bomb_is_harmless(samples: Samples, extractor: Extractor) -> None:
    """Nested XML entities neither expand nor read files; the extractor goes on working."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    xml = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>' + "<w:p><w:t>&e11;</w:t></w:p>"
    with pytest.raises(ExtractionFailed):
        extractor.extract(samples.package("bomb.docx", {"word/document.xml": xml}))
    assert extractor.extract(samples.docx("a.docx", _paragraphs("Fine."))).text == "Fine."


def test_memory_is_limited(samples: Samples) -> None:
    """A file that needs more memory than the limit fails, and the next one is read."""
    path = samples.file("big.html", "<p>" + "word " * 3_000_000)
    with Extractor(ExtractionLimits(memory_bytes=32 << 20)) as extractor:
        with pytest.raises(ExtractionFailed, match="needs more than 32 MiB of memory"):
            extractor.extract(path)
        assert extractor.extract(samples.file("a.html", "<p>Fine.")).text == "Fine."


def test_processor_time_is_limited(samples: Samples) -> None:
    """A file that keeps the processor busy beyond the limit fails, and the next one is read."""
    path = samples.file("slow.html", "<b>x</b>" * 2_000_000)
    with Extractor(ExtractionLimits(cpu_seconds=0)) as extractor:
        with pytest.raises(ExtractionFailed, match=r"^took longer than 0 s of processor time$"):
            extractor.extract(path)
        assert extractor.extract(samples.file("a.html", "<p>Fine.")).text == "Fine."


def test_child_that_hangs_is_replaced(samples: Samples) -> None:
    """A child that does not answer in time costs its file and is replaced."""
    path = samples.file("a.html", "<p>Fine.")
    with Extractor(ExtractionLimits(wall_seconds=0.5)) as extractor:
        extractor.extract(path)
        hung = extractor.child_pid
        assert hung is not None
        os.kill(hung, signal.SIGSTOP)
        with pytest.raises(ExtractionFailed, match=r"^took longer than 0\.5 s$"):
            extractor.extract(path)
    with Extractor() as extractor:
        assert extractor.extract(path).text == "Fine."
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)


def test_killed_child_is_replaced_without_loss(samples: Samples, extractor: Extractor) -> None:
    """A child killed from outside is replaced and its file read by the next."""
    path = samples.file("a.html", "<p>Fine.")
    extractor.extract(path)
    killed = extractor.child_pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert extractor.extract(path).text == "Fine."
    assert extractor.child_pid != killed


def test_child_is_recycled(samples: Samples) -> None:
    """A child reads only so many files."""
    path = samples.file("a.html", "<p>Fine.")
    with Extractor(ExtractionLimits(files_per_child=2)) as extractor:
        children = []
        for _ in range(5):
            extractor.extract(path)
            children.append(extractor.child_pid)
    assert children[0] == children[1] != children[2] == children[3] != children[4]


def test_child_that_cannot_start_is_said_to(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing interpreter is not taken for a file that cannot be read."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Extractor() as extractor, pytest.raises(ExtractionFailed) as caught:
        extractor.extract(samples.file("a.html", "<p>Fine."))
    assert str(caught.value) == "the document reader does not start: No such file or directory"


def test_close_ends_the_child(samples: Samples) -> None:
    """No process outlives the extractor."""
    with Extractor() as extractor:
        extractor.extract(samples.file("a.html", "<p>Fine."))
        pid = extractor.child_pid
    assert pid is not None and extractor.child_pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_abort_ends_a_file_that_is_being_read(samples: Samples) -> None:
    """Another thread can end the wait for a child; no file is read in a child afterwards."""
    path = samples.file("a.html", "<p>Fine.")
    with Extractor() as extractor:
        extractor.extract(path)
        assert extractor.child_pid is not None
        os.kill(extractor.child_pid, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(extractor.extract, path)
            with pytest.raises(TimeoutError):
                future.result(0.2)
            extractor.abort()
            with pytest.raises(ExtractionFailed, match="the ingest was stopped"):
                future.result(20)
        with pytest.raises(ExtractionFailed, match="the ingest was stopped"):
            extractor.extract(path)
        assert extractor.child_pid is None


def test_output_is_limited(samples: Samples) -> None:
    """A file with too much text fails, plain or not."""
    with Extractor(ExtractionLimits(max_text_bytes=1_000_000)) as extractor:
        for name in ("a.txt", "a.html"):
            path = samples.file(name, "word " * 250_000)
            with pytest.raises(ExtractionFailed, match=r"^holds more than 1 MB of text$"):
                extractor.extract(path)


def test_input_is_limited(samples: Samples) -> None:
    """A file above the size limit is not read at all."""
    path = samples.file("a.pdf", b"x" * 1_000_001)
    limits = ExtractionLimits(max_input_bytes=1_000_000)
    with (
        Extractor(limits) as extractor,
        pytest.raises(ExtractionFailed, match=r"^larger than 1 MB$"),
    ):
        extractor.extract(path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.txt", "cannot be read: no such file or directory"),
        ("folder.txt", "not a plain file"),
        ("empty.txt", "the file is empty"),
        ("blank.txt", "no text found"),
        ("blank.html", "no text found"),
        ("photo.jpg", 'files named ".jpg" are not supported'),
    ],
)
def test_unreadable_paths_give_their_reason(
    samples: Samples, extractor: Extractor, name: str, reason: str
) -> None:
    """What cannot be a document says why in the system's or our own plain words."""
    (samples.folder / "folder.txt").mkdir()
    samples.file("empty.txt", b"")
    samples.file("blank.txt", "\ufeff \r\n\t\n")
    samples.file("blank.html", "<html><script>x()</script></html>")
    with pytest.raises(ExtractionFailed) as failure:
        extractor.extract(samples.folder / name)
    assert str(failure.value) == reason


def test_odd_file_names_reach_the_child(samples: Samples, extractor: Extractor) -> None:
    """Spaces, quotes, line ends and bytes that are not UTF-8 in a name do no harm."""
    for name in (b'a "b"\n.html', b"caf\xe9.html", "漢字.html".encode()):
        assert extractor.extract(samples.file(os.fsdecode(name), "<p>Fine.")).text == "Fine."


def test_a_name_decides_what_is_read() -> None:
    """A file's name decides whether it is read, whatever its case."""
    assert is_supported(Path("A.PDF")) and is_supported(Path("x.Md"))
    assert not is_supported(Path("archive.zip")) and not is_supported(Path("x"))
