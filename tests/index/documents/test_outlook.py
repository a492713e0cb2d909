"""Outlook messages: a whole one is read, one that is cut off is one clear failure."""

from pathlib import Path

import pytest

from answerable.index import ExtractedDocument, ExtractionFailed, Extractor

# A compound file with sender, subject and body as Outlook stores them, written for this test.
MESSAGE = Path(__file__).parent / "data" / "parking.msg"


def test_sender_subject_and_body_are_text() -> None:
    """The header's lines and the body come out readable; the subject is the title."""
    with Extractor() as extractor:
        assert extractor.extract(MESSAGE) == ExtractedDocument(
            text='Subject: Parking from March\nFrom: "Ann Lee" <ann@larkmoor.example>\n\n'
            "Dear all,\n\nThe new car park opens on 9 March 2026 at seven in the morning.\n\nAnn",
            title="Parking from March",
            media_type="application/vnd.ms-outlook",
        )


def test_a_message_that_is_cut_off(tmp_path: Path) -> None:
    """Half of a message fails with a reason of one line."""
    half = tmp_path / "half.msg"
    half.write_bytes(MESSAGE.read_bytes()[:1500])
    with Extractor() as extractor, pytest.raises(ExtractionFailed, match=r"^[^\n]+$"):
        extractor.extract(half)
