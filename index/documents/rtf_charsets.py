r"""Resolve the character sets of an RTF file, font by font, before kreuzberg reads it.

RTF writes a letter outside ASCII as a byte in hexadecimal whose meaning depends on the
font in force. Kreuzberg reads every such byte as Windows-1252, which garbles Czech, Greek
or Cyrillic; here the bytes become ``\u`` escapes, which have one meaning.

Source: Rich Text Format Specification 1.9.1, "Font Table" and "Unicode RTF".
"""

import re
from dataclasses import dataclass

_CODECS = {
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_SINGLE_BYTE = frozenset((*_CODECS.values(), "cp1252"))

_TOKEN = re.compile(
    r"""\\'(?P<hex>[0-9a-fA-F]{2})
      | \\(?P<word>[a-zA-Z]+)(?P<number>-?\d{1,9})?[ ]?
      | (?P<brace>[{}])
      | \\[^a-zA-Z]""",
    re.VERBOSE,
)


@dataclass(slots=True)
class _State:
    r"""What a group inherits: the font, and how many fallbacks follow a ``\u`` escape."""

    font: int | None = None
    fallbacks: int = 1
    in_font_table: bool = False


def resolve_charsets(data: bytes) -> bytes:
    r"""Return the file with its hexadecimal letters as ``\u`` escapes where the font decides."""
    rtf = data.decode("latin-1")
    default = re.search(r"\\ansicpg(\d{1,5})", rtf[:1_000])
    codec = f"cp{default[1]}" if default else "cp1252"
    fonts: dict[int, str] = {}
    state, stack, out = _State(), [], []
    position = pending = 0
    for token in _TOKEN.finditer(rtf):
        out.append(rtf[position : token.start()])
        pending -= min(pending, token.start() - position)
        position = token.end()
        replacement = token[0]
        if token["hex"]:
            if pending:
                pending -= 1
            else:
                font_codec = codec if state.font is None else fonts.get(state.font, codec)
                replacement = _escape(token["hex"], font_codec, state.fallbacks) or token[0]
        elif token["brace"] == "{":
            stack.append(_State(state.font, state.fallbacks, state.in_font_table))
        elif token["brace"] == "}":
            state = stack.pop() if stack else _State()
        elif token["word"]:
            pending = state.fallbacks if token["word"] == "u" else 0
            _apply(state, fonts, token["word"], int(token["number"] or 0))
        out.append(replacement)
    out.append(rtf[position:])
    return "".join(out).encode("latin-1")


def _apply(state: _State, fonts: dict[int, str], word: str, number: int) -> None:
    """Follow one control word: fonts as they are declared and used, and fallbacks."""
    if word == "fonttbl":
        state.in_font_table = True
    elif word in ("f", "deff"):
        state.font = number
    elif word == "plain":
        state.font = None
    elif word == "uc":
        state.fallbacks = max(0, min(number, 8))
    elif word == "fcharset" and state.in_font_table and state.font is not None:
        if number in _CODECS:
            fonts[state.font] = _CODECS[number]
        elif number == 0:
            fonts[state.font] = "cp1252"
        else:
            fonts[state.font] = "as it is"


def _escape(digits: str, codec: str, n_fallbacks: int) -> str | None:
    """Return the escape of one byte, or None when kreuzberg may read it as it is."""
    if codec not in _SINGLE_BYTE or codec == "cp1252":
        return None
    try:
        letter = bytes.fromhex(digits).decode(codec)
    except UnicodeDecodeError:
        return None
    # A space ends the number where no fallback does.
    return f"\\u{ord(letter)}" + ("?" * n_fallbacks or " ") if letter > "\x7f" else None
