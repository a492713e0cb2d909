import os
import sys
from pathlib import Path

import kreuzberg
import pytest

from answerable.index import DocumentReaderUnavailable, ExtractionFailed
from answerable.index.documents import Extractor, pdf_library
from tests.index.documents.samples import Samples

TEXT = "Badges are worn visibly."
PLACE = "kreuzberg-pdfium/libpdfium.so"
IN_TEMPORARY_FOLDER = "the library for PDF files cannot be put in the temporary folder: "


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder that nothing was unpacked to before, for this process and its children."""
    fresh = tmp_path / "temporary"
    fresh.mkdir()
    monkeypatch.setenv("TMPDIR", str(fresh))
    return fresh


@pytest.fixture
def pdf(samples: Samples) -> Path:
    """A PDF file of one page."""
    return samples.pdf("badges.pdf", [[(12, TEXT)]])


def _python_after(command: str, samples: Samples, patch: pytest.MonkeyPatch) -> None:
    """Have children begin with a shell command."""
    script = samples.file("python", f'#!/bin/sh\n{command}\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    patch.setattr(sys, "executable", str(script))


def test_first_pdf_of_a_machine_is_read(folder: Path, pdf: Path) -> None:
    """A PDF needs nothing that another program has unpacked before, and leaves nothing behind."""
    with Extractor() as extractor:
        assert extractor.extract(pdf).text == TEXT
        assert list(folder.iterdir()) == []


def test_library_of_another_user_is_not_loaded(folder: Path, pdf: Path) -> None:
    """What lies ready in a temporary folder that all share is neither run nor changed."""
    planted = folder / PLACE
    planted.parent.mkdir()
    planted.write_bytes(b"\x7fELF")
    os.truncate(planted, 7_827_872)  # kreuzberg goes by the size
    before = planted.stat()
    with Extractor() as extractor:
        assert extractor.extract(pdf).text == TEXT
    assert planted.stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in folder.iterdir()] == ["kreuzberg-pdfium"]


def test_children_at_once_do_not_meet(folder: Path, pdf: Path) -> None:
    """Each child has a library of its own, whoever unpacks one meanwhile."""
    with Extractor() as one, Extractor() as other:
        assert one.extract(pdf).text == other.extract(pdf).text == TEXT
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (
            "ulimit -f 0",
            "PDF files need a temporary folder that can be written to: name one in TMPDIR",
        ),
        ("ulimit -f 100", f"{IN_TEMPORARY_FOLDER}file too large"),
    ],
)
def test_library_that_cannot_be_unpacked_is_not_the_files_fault(
    command: str,
    reason: str,
    folder: Path,
    pdf: Path,
    samples: Samples,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reason names what is wrong with this machine; other formats are read all the same."""
    _python_after(command, samples, monkeypatch)
    with Extractor() as extractor:
        with pytest.raises(DocumentReaderUnavailable) as caught:
            extractor.extract(pdf)
        assert extractor.extract(samples.file("a.html", "<p>Fine.")).text == "Fine."
    assert str(caught.value) == reason
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("said", "flags", "reason"),
    [
        ("Failed to write: No space left on device (os error 28)", 0, "no space left on device"),
        ("Failed to bind to Pdfium library", 0, "it does not load"),
        ("Failed to bind: failed to map segment", os.ST_NOEXEC, None),
    ],
)
def test_reasons(
    said: str, flags: int, reason: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk and a folder that programs may not run from are told apart."""

    def fail(*_: object) -> None:
        raise kreuzberg.ParsingError(said)

    mounted = list(os.statvfs(folder))
    mounted[8] = flags
    monkeypatch.setattr(kreuzberg, "extract_bytes_sync", fail)
    monkeypatch.setattr(os, "statvfs", lambda _: os.statvfs_result(mounted))
    assert pdf_library.load_pdf_library() == (
        f"{IN_TEMPORARY_FOLDER}{reason}"
        if reason
        else "PDF files need a temporary folder without noexec: name one in TMPDIR"
    )
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads Linux's /proc")
def test_loading_it_leaves_the_child_confined(extractor: Extractor, pdf: Path) -> None:
    """No file can be written, and what was given up is given up by all of its threads."""
    extractor.extract(pdf)
    child = Path("/proc") / str(extractor.child_pid)
    (size,) = [line for line in _lines(child / "limits") if line.startswith("Max file size")]
    assert size.split()[3:5] == ["0", "0"]
    threads = list((child / "task").iterdir())
    assert len(threads) > 1
    assert {_privileges(thread) for thread in threads} == {"NoNewPrivs:\t1"}
    assert len({os.readlink(thread / "ns" / "net") for thread in threads}) == 1


def test_broken_pdf_is_still_the_files_fault(extractor: Extractor, samples: Samples) -> None:
    """Where PDF files can be read, one that cannot says so."""
    with pytest.raises(ExtractionFailed, match=r"^not a readable PDF file$") as caught:
        extractor.extract(samples.file("a.pdf", "%PDF-1.4\njunk"))
    assert not isinstance(caught.value, DocumentReaderUnavailable)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").splitlines()


def _privileges(thread: Path) -> str:
    (line,) = [one for one in _lines(thread / "status") if one.startswith("NoNewPrivs")]
    return line
