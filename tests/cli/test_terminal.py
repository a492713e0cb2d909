"""Text from documents cannot drive the terminal, and stays readable."""

import io
import json
import os
from pathlib import Path

import pytest

from answerable.cli.main import main
from answerable.cli.output import path_of
from answerable.cli.progress import progress_bar
from answerable.cli.terminal import bold, has_style, marked, safe, safe_json, safe_line
from tests.cli.conftest import RunCli


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain, with tab\tand\nnewline", "plain, with tab\tand\nnewline"),
        ("\x1b[2Jcleared", r"\x1b[2Jcleared"),
        ("\x9b2J", r"\x9b2J"),
        ("bell\x07 back\x08 return\r", r"bell\x07 back\x08 return\x0d".replace(r"\x0d", r"\r")),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("half \ud800", r"half \ud800"),
        ("\u05e9\u05dc\u05d5\u05dd, \U0001f600, e\u0301", "\u05e9\u05dc\u05d5\u05dd, \U0001f600, e\u0301"),
    ],
)  # fmt: skip
def test_safe_shows_controls(text: str, expected: str) -> None:
    """Control and reordering characters become visible; letters of any script stay."""
    assert safe(text) == expected


def test_safe_line_is_one_line() -> None:
    """Runs of white space become one space."""
    assert safe_line(" a\r\n\n b\tc ") == "a b c"


@pytest.mark.parametrize(
    "text", ["\x1b\x07\x9b\u202e\u2028\x7f", "\u05e9 \U0001f600", "half \ud800"]
)
def test_safe_json_means_the_same(text: str) -> None:
    """The JSON holds no control character, and reads back as the same text."""
    shown = safe_json({"text": text})
    assert safe(shown) == shown
    assert json.loads(shown) == {"text": text}


def test_terminal_gets_styles_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows bold; a pipe, NO_COLOR and a dumb terminal do not."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert not has_style(io.StringIO())
    assert has_style(_Terminal())
    monkeypatch.setattr("sys.stdout", _Terminal())
    assert (bold("x"), marked("x")) == ("\x1b[1mx\x1b[22m", "\x1b[1;4mx\x1b[22;24m")
    monkeypatch.setenv("NO_COLOR", "1")
    assert (bold("x"), marked("x")) == ("x", "**x**")
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not has_style(_Terminal())


def test_path_of_a_file_uri() -> None:
    """Escaped names are shown as they are; other schemes stay URIs."""
    assert path_of("file:///tmp/a%20b%23.txt") == "/tmp/a b#.txt"
    assert path_of("https://example.org/a%20b") == "https://example.org/a%20b"


def test_a_name_that_is_not_utf_8_is_told_apart() -> None:
    """Its bytes are shown, not one sign for all that cannot be read."""
    uri = Path(os.fsdecode(b"/tmp/caf\xe9.txt")).as_uri()
    assert path_of(uri) == r"/tmp/caf\udce9.txt"


def test_limited_output_still_gets_everything(
    monkeypatch: pytest.MonkeyPatch, cli: RunCli, own: Path
) -> None:
    """Where standard output is ASCII, text is escaped and JSON still reads back."""
    (own / "cafe.txt").write_text("The code word is caf\xe9 \u5496\u5561.\n", encoding="utf-8")
    assert cli("ingest", "cafe.txt", "--index", "index", cwd=own).code == 0
    for format_ in ((), ("--json",)):
        raw = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
        assert main(["search", "caf\xe9", "--k", "1", "--index", "index", *format_]) == 0
        printed = raw.getvalue().decode("ascii")
    assert "caf\xe9 \u5496\u5561" in json.loads(printed)["hits"][0]["text"]


def test_progress_bar_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal sees how far the work is and at what; a log file gets nothing."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for stream, is_shown in ((io.StringIO(), False), (_Terminal(), True)):
        monkeypatch.setattr("sys.stderr", stream)
        with progress_bar() as show:
            show(1, 2, "leave.txt")
        assert ("leave.txt" in stream.getvalue()) is is_shown
