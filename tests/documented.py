"""Runs what a page of the documentation shows, and holds its output to what the page says.

A block after ``<!-- runs -->`` is run, ``bash`` by the real command line and ``python`` in a process of
its own, in the folder where the blocks before it ran. A block after ``<!-- prints -->`` holds lines that
must be among the output, in their order; ``*`` stands for anything. ``<!-- runs nemo -->`` needs what the word says.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

_BLOCK = re.compile(
    r"<!-- runs ?(?P<needs>\w*) -->\n```(?P<language>bash|python)\n(?P<code>.*?)^```\n"
    r"(?:\n<!-- prints -->\n```\n(?P<prints>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """What a page shows as run."""

    needs: str
    language: str
    code: str
    prints: tuple[str, ...]


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that are run."""
    text = page.read_text(encoding="utf-8")
    found = [
        Block(m["needs"], m["language"], m["code"], tuple((m["prints"] or "").splitlines()))
        for m in _BLOCK.finditer(text)
    ]
    assert len(found) == text.count("<!-- runs"), f"{page.name}: a block that runs is not one"
    return found


def run(block: Block, folder: Path) -> str:
    """Run a block in a folder and return what it prints; a failure fails the test."""
    command = ["bash", "-euo", "pipefail", "-c", block.code]
    if block.language == "python":
        command = [sys.executable, "-c", block.code]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{block.code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def missing(prints: tuple[str, ...], output: str) -> Iterator[str]:
    """Yield the lines that a page shows and the output does not have, in the page's order."""
    lines = iter(line.strip() for line in output.splitlines())
    for wanted in filter(None, map(str.strip, prints)):
        pattern = " ".join(wanted.split()).replace("\\[", "[[]").replace("\\]", "]")
        if not any(fnmatchcase(" ".join(line.split()), pattern) for line in lines):
            yield wanted
