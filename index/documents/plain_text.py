"""From bytes to text for files that are text already, changing nothing.

Line ends, tabs and a leading byte order mark (as U+FEFF) stay, so offsets into the
stored text are offsets into the file's own text.
"""

import codecs

from ..errors import ExtractionFailed

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Bytes that a text in an 8-bit encoding does not hold: C0 controls other than
# tab, line feed, form feed, carriage return and escape (terminal colours in logs).
_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0C, 0x0D, 0x1B})
_SAMPLE_BYTES = 65_536

_WESTERN = "cp1252"
_CENTRAL = "cp1250"
# What files that are not Unicode are written in; a longer list makes worse guesses.
_CANDIDATES = (
    "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 koi8_r cp932 euc_jp gb18030 big5 cp949"
).split()
_MIN_EVIDENCE_BYTES = 8
# Bytes that are letters of Czech, Polish and their neighbours in Windows-1250, and in
# Windows-1252 signs or letters that Western languages hardly use.
_CENTRAL_LETTERS = b"\x9a\x9c\x9d\x9e\x9f\xb3\xb9\xbe"
_MIN_CENTRAL_SHARE = 1 / 12


def decode(data: bytes) -> str:
    """Return the text of a plain-text file: by its mark, as UTF-8, or by detection.

    A file that is neither marked nor UTF-8 is in some legacy encoding, which can only be
    guessed: charset-normalizer guesses from the first 64 KiB; Windows-1252 is taken when
    it cannot, or when there is too little to guess from.

    Raises:
        ExtractionFailed: the bytes are not text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode_marked(data, encoding)
    if _is_binary(data):
        raise ExtractionFailed("binary data, not text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)


def _decode_marked(data: bytes, encoding: str) -> str:
    """Decode bytes that begin with a byte order mark, which stays as U+FEFF."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as exc:
        raise ExtractionFailed("binary data, not text") from exc
    if "\x00" in text:
        raise ExtractionFailed("binary data, not text")
    return text


def _is_binary(data: bytes) -> bool:
    """Say whether bytes hold a NUL, or more control characters than text does.

    A stray control character is met in real text; one in a hundred is not.
    """
    sample = data[:_SAMPLE_BYTES]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return b"\x00" in data or controls * 100 > len(sample)


def _decode_legacy(data: bytes) -> str:
    """Decode text in an unnamed 8-bit or East Asian encoding, as best as can be told."""
    for encoding in (_guess(data[:_SAMPLE_BYTES]), _WESTERN):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    # Windows-1252 leaves five bytes without a character; Latin-1 gives each byte one.
    return data.decode("latin-1")


def _guess(sample: bytes) -> str:
    """Name the likely encoding of some bytes that are not UTF-8."""
    evidence = sample.translate(None, bytes(range(0x80)))
    if len(evidence) < _MIN_EVIDENCE_BYTES:
        return _WESTERN
    from charset_normalizer import from_bytes  # 10 ms, for the few files that need it

    best = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    encoding = best.encoding if best else _WESTERN
    if encoding == _CENTRAL:
        # charset-normalizer takes French and Spanish for it too.
        n_central = sum(map(evidence.count, _CENTRAL_LETTERS))
        return _CENTRAL if n_central >= _MIN_CENTRAL_SHARE * len(evidence) else _WESTERN
    return encoding
