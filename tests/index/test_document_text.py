"""One check for every text, from a file, an upload or a request."""

from dataclasses import replace
from pathlib import Path

import pytest

from answerable.index import ExtractionFailed, Extractor, check_received
from answerable.index.document_text import check_text
from tests.index.test_received import SENT

BLANK = [
    "",
    " \t\r\n\f\v",
    "\u00a0",
    "\u2003\u3000\n",
    "\ufeff",
    "\ufeff \ufeff\u00a0",
    "\x1c\x85\u2028",
]


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_blank_text_is_refused(text: str) -> None:
    """Spaces of any script and byte order marks are no text, wherever they come from."""
    for check in (check_text, lambda sent: check_received(replace(SENT, text=sent))):
        with pytest.raises(ExtractionFailed, match="no text found"):
            check(text)


@pytest.mark.parametrize("text", [" ", "\u00a0", "\u2003\u3000\n"], ids=ascii)
def test_blank_file_is_refused(text: str, tmp_path: Path) -> None:
    """A file is held to the same."""
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode())
    with Extractor() as extractor, pytest.raises(ExtractionFailed, match="no text found"):
        extractor.extract(path)


@pytest.mark.parametrize("text", ["a", "\u00a0.", "\ufeff\u4e00", "\u200b"], ids=ascii)
def test_anything_else_is_text(text: str) -> None:
    """One sign is enough."""
    check_text(text)
    check_received(replace(SENT, text=text))


def test_half_a_surrogate_pair_is_refused() -> None:
    """What no encoding carries cannot be stored."""
    with pytest.raises(ExtractionFailed, match="not valid Unicode"):
        check_text("a \ud800")
