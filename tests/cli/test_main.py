"""The edge: help, usage, errors and signals, each with its exit code."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from answerable.api import Engine
from answerable.cli.main import app, main
from tests.cli.conftest import RunCli


def _commands() -> Iterator[tuple[str, ...]]:
    yield from _below(typer.main.get_command(app), ())


def _below(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    subcommands = vars(command).get("commands")
    if not subcommands:
        yield path
    else:
        for name, subcommand in subcommands.items():
            yield from _below(subcommand, (*path, name))


@pytest.mark.parametrize("command", list(_commands()), ids=" ".join)
def test_help_has_a_runnable_example(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command's help shows itself in use, and takes --json."""
    assert main([*command, "--help"]) == 0
    help_text = " ".join(capsys.readouterr().out.split())
    assert f"Example: answerable {' '.join(command)}" in help_text
    assert "--json" in help_text


@pytest.mark.parametrize(
    "command", ["ingest", "ask", "search", "chat", "status", "remove", "serve"]
)
def test_commands_on_an_index_take_its_folder(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What works on an index can be told which."""
    assert main([command, "--help"]) == 0
    assert "--index DIR" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` prints the version of the installed package."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"answerable {version('answerable')}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["ask"], "QUESTION"),
        (["ask", "x", "--k", "0"], "--k"),
        (["ask", "x", "--k", "many"], "--k"),
        (["ask", "x", "--min-probability", "2"], "--min-probability"),
        (["search", "x", "--mode", "guess"], "--mode"),
        (["ingest"], "PATH"),
        (["serve", "--port", "70000"], "--port"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """A command line that cannot be understood names the part and the help to read."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert message in captured.err
    assert '--help")' in captured.err
    assert captured.err.count("\n") == 1


def test_no_arguments_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The bare command is wrong usage, and says what there is."""
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "ingest" in captured.err


def _failing(error: BaseException) -> object:
    def open_failing(*_args: object, **_kwargs: object) -> Engine:
        raise error

    return open_failing


def test_unexpected_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A defect is one line that says how to see more, and --debug shows the traceback."""
    monkeypatch.setattr(Engine, "open", _failing(RuntimeError("broken\nin two")))
    assert main(["status"]) == 1
    short = capsys.readouterr().err
    assert short.startswith("error: RuntimeError: broken in two ")
    assert "answerable --debug" in short
    assert short.count("\n") == 1
    assert main(["--debug", "status"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_failed_import_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken install is told in one line too: saying so imports nothing that may fail again."""
    monkeypatch.setitem(sys.modules, "answerable.api", None)
    assert main(["status"]) == 1
    assert capsys.readouterr().err.startswith("error: ModuleNotFoundError: ")


def test_interrupt_is_one_line_and_exit_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends with one line, not a traceback."""
    monkeypatch.setattr(Engine, "open", _failing(KeyboardInterrupt()))
    assert main(["status"]) == 130
    assert capsys.readouterr().err == "error: interrupted\n"


def test_error_text_is_made_safe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file name in an error message cannot drive the terminal either."""
    monkeypatch.setattr(Engine, "open", _failing(RuntimeError("\x1b]0;title\x07")))
    main(["status"])
    assert "\x1b" not in capsys.readouterr().err


def test_bad_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable with an impossible value is named."""
    monkeypatch.setenv("ANSWERABLE_K", "many")
    assert main(["status"]) == 1
    assert "ANSWERABLE_K" in capsys.readouterr().err


def test_open_address_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """``serve`` beyond this machine needs --insecure-open."""
    assert main(["serve", "--host", "0.0.0.0"]) == 1
    assert "--insecure-open" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_reader_of_a_pipe_may_leave(arguments: list[str]) -> None:
    """When the next program of a pipe has seen enough, nothing is said about it."""
    command = [sys.executable, "-m", "answerable.cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_full_disk_under_the_output_is_one_line() -> None:
    """Output that cannot be written is a failure in the system's own words."""
    command = [sys.executable, "-m", "answerable.cli", "--version"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "error: No space left on device\n")


@pytest.mark.parametrize(("closed", "code"), [("<&-", 0), (">&-", 0), ("2>&-", 2)])
def test_closed_streams_are_no_error(closed: str, code: int) -> None:
    """A stream closed by the caller changes neither the exit code nor the other streams."""
    argument = "--version" if code == 0 else "nonsense"
    script = f'exec "$@" {closed}'
    command = ["sh", "-c", script, "sh", sys.executable, "-m", "answerable.cli", argument]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "")
    assert (done.stdout == "") is (closed != "<&-")


def test_pipe_gets_no_colours(cli: RunCli, shared: Path) -> None:
    """Output that is not for a terminal has no styles."""
    assert "\x1b" not in cli("ask", "Days at home?", "--index", "index", cwd=shared).out
