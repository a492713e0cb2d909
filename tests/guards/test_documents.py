"""The documents say what is so: commands exist, links lead somewhere, no machine is named."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from answerable.cli.main import app

pytestmark = pytest.mark.source

TEXT_SUFFIXES = {
    ".cfg",
    ".css",
    ".md",
    ".py",
    ".toml",
    ".txt",
    ".lock",
    ".yaml",
    ".yml",
    ".html",
    ".js",
    "",
}
LEFT_OUT = {"build", "dist", "runs", "typings"}
HOME_PATH = re.compile(r"(?<![\w.:/-])/(?:home|root|Users|mnt|opt|work|workspace)/\w+")
REGISTRY = re.compile(r"https?://|file:|--(?:extra-)?index-url|--find-links")
MARKER = re.compile(r"#\s*(?:TODO|FIXME|XXX)\b")
COMMAND = re.compile(r"^\s*(?:\$ )?(answerable [^#|>&\n]*)", re.MULTILINE)
FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


def _documents(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def _text_files(root: Path) -> Iterator[Path]:
    """Yield the repository's text files, its own models and handbook left out."""
    for directory, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if name not in LEFT_OUT
            and (name == ".ci" or not name.startswith("."))
            and not name.endswith((".egg-info", "__pycache__"))
        ]
        yield from (
            Path(directory, name)
            for name in files
            if Path(name).suffix in TEXT_SUFFIXES and not name.startswith(".coverage")
        )


def _commands(root: Path) -> list[str]:
    """Return every ``answerable`` command line in a fenced block of the documents."""
    return sorted(
        {
            command.strip()
            for path in _documents(root)
            for block in FENCE.findall(path.read_text(encoding="utf-8"))
            for command in COMMAND.findall(block)
        }
    )


def _wrong_with(command: str) -> str | None:
    """Return what the program's own help does not know of a command line, None if nothing."""
    words = shlex.split(command)[1:]
    names = [word for word in words if not word.startswith("-")]
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    # In this process: the documents show more than a hundred commands.
    done = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    if done.exit_code:
        return f"{command}: {done.output.strip()}"
    unknown = [option for option in options if not re.search(rf"{option}\b", done.output)]
    return f"{command}: no option {unknown}" if unknown else None


def _findings(root: Path, pattern: re.Pattern[str], suffixes: set[str]) -> list[str]:
    return [
        f"{path.relative_to(root)}: {match}"
        for path in _text_files(root)
        if path.suffix in suffixes
        for match in pattern.findall(path.read_text(encoding="utf-8", errors="replace"))
    ]


def test_documented_commands_exist(source_root: Path) -> None:
    """Every ``answerable`` line in the documents names a command and options that exist."""
    commands = _commands(source_root)
    assert commands, "the README shows no command"
    assert [wrong for command in commands if (wrong := _wrong_with(command))] == []


def test_links_lead_somewhere(source_root: Path) -> None:
    """Every relative link of the documents names a file of the repository."""
    broken = [
        f"{path.relative_to(source_root)}: {target}"
        for path in _documents(source_root)
        for target in LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_figures_are_those_measured(source_root: Path) -> None:
    """The README's table is what the scripts wrote to benchmarks/results."""
    script = source_root / "benchmarks" / "figures.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_changelog_has_this_version(source_root: Path) -> None:
    """The version in pyproject.toml has its entry in the changelog."""
    project = tomllib.loads((source_root / "pyproject.toml").read_text(encoding="utf-8"))
    changelog = (source_root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{project['project']['version']}]" in changelog


def test_no_machine_is_named(source_root: Path) -> None:
    """No file holds a path from the machine that somebody wrote it on."""
    assert _findings(source_root, HOME_PATH, TEXT_SUFFIXES) == []


def test_locks_name_no_registry(source_root: Path) -> None:
    """The locked requirements are pins and hashes: each user's own index serves them."""
    assert _findings(source_root, REGISTRY, {".lock"}) == []


def test_nothing_is_left_to_do(source_root: Path) -> None:
    """No marker for unfinished work is in the code."""
    assert _findings(source_root, MARKER, {".py"}) == []
