import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import ExtractionFailed
from answerable.index.documents.plain_text import decode

HARD = "e\u0301 İ 👩‍👩‍👧 漢字 שלום\tx\r\ny\n"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\r\n\t")))
def test_utf8_is_kept_unchanged(text: str) -> None:
    """Any UTF-8 text comes back as it was written, line ends included."""
    assert decode(text.encode()).encode() == text.encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_marked_text_keeps_its_mark(encoding: str) -> None:
    """A byte order mark names the encoding and stays as the first character."""
    assert decode(("\ufeff" + HARD).encode(encoding)) == "\ufeff" + HARD


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "L'été où il a été décidé que la forêt serait protégée. "),
        ("cp1252", "El niño comió piñas en la mañana y después durmió. "),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy. "),
        ("cp1250", "Zażółć gęślą jaźń i źdźbło trawy. "),
        ("cp1251", "Привет, мир! Это обычный русский текст. "),
        ("cp1253", "Το γρήγορο καφέ αλεπού πηδάει πάνω από. "),
        ("cp932", "これは日本語の文章です。文字コードを判定します。"),
        ("gb18030", "这是一个中文句子，用来检测编码。"),
    ],
)
def test_legacy_encoding_is_detected(encoding: str, text: str) -> None:
    """Text in a legacy encoding is read as its language shows."""
    assert decode((text * 5).encode(encoding)) == text * 5


def test_undetectable_bytes_are_windows_1252() -> None:
    """A byte or two outside ASCII is not enough to detect; Western Europe is assumed."""
    assert decode(b"caf\xe9 \x96 na\xefve") == "café – naïve"


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x00\x00",
        b"text with a nul\x00 inside",
        b"\x01\x02\x03\x04",
        b"\xff\xfe\x00\xd8",
    ],
)
def test_binary_is_refused(data: bytes) -> None:
    """Binary data under a text name is one clear line."""
    with pytest.raises(ExtractionFailed, match=r"^binary data, not text$"):
        decode(data)
