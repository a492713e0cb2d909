"""The library that reads PDF files, which kreuzberg carries inside itself and unpacks to load.

Called by worker.py before it may no longer write files.
"""

import os
import re
import sys
import tempfile

# Elsewhere the general reason is given.
_NOEXEC = os.ST_NOEXEC if sys.platform == "linux" else 0

# One empty page: reading it needs the library, and nothing of it depends on a file of a user.
_EMPTY_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


def load_pdf_library() -> str | None:
    """Unpack the library to a folder of its own, load it and delete it again.

    kreuzberg 4.10 unpacks it to ``$TMPDIR/kreuzberg-pdfium`` and loads what is there already,
    whoever put it there, if it is of about the right size. Nobody else can write to our folder, and
    the library stays loaded without its file. 8 MB are written; all in all it takes about 30 ms,
    an eighth of the time that a child process takes to start.

    Returns:
        Why no PDF file can be read, in one line without paths; None if all is well.
    """
    try:
        with tempfile.TemporaryDirectory(
            prefix="answerable-", ignore_cleanup_errors=True
        ) as folder:
            os.environ["TMPDIR"] = folder
            return _load_from(folder)
    except OSError:
        return "PDF files need a temporary folder that can be written to: name one in TMPDIR"
    finally:
        # The folder's name is free for anybody now; under this one there is never a file.
        os.environ["TMPDIR"] = os.devnull


def _load_from(folder: str) -> str | None:
    """Have kreuzberg unpack and load the library; it does so once in a process."""
    import kreuzberg

    config = kreuzberg.ExtractionConfig(  # type: ignore[call-arg]  # its stub lacks disable_ocr
        use_cache=False,
        disable_ocr=True,
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        kreuzberg.extract_bytes_sync(_EMPTY_PDF, "application/pdf", config)
    except kreuzberg.KreuzbergError as exc:
        if os.statvfs(folder).f_flag & _NOEXEC:
            return "PDF files need a temporary folder without noexec: name one in TMPDIR"
        errno = re.search(r"\(os error (\d+)\)", str(exc))
        reason = os.strerror(int(errno[1])).lower() if errno else "it does not load"
        return f"the library for PDF files cannot be put in the temporary folder: {reason}"
    return None
