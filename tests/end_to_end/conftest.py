"""The installed command, the example handbook, and one index of it for all tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from answerable.api import Engine

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
HANDBOOK = EXAMPLES / "handbook"
COMMAND = str(Path(sys.executable).with_name("answerable"))


@dataclass(frozen=True, slots=True)
class Run:
    """What one process did."""

    code: int
    out: str
    err: str


def answerable(*arguments: str | Path, cwd: Path, stdin: str | None = None, **kwargs: Any) -> Run:
    """Run the installed command to its end; ``kwargs`` go to ``subprocess.run``."""
    return run_process([COMMAND, *map(str, arguments)], cwd=cwd, stdin=stdin, **kwargs)


def run_process(command: list[str], *, cwd: Path, stdin: str | None = None, **kwargs: Any) -> Run:
    """Run a process to its end."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("ANSWERABLE_")}
    done = subprocess.run(
        command,
        cwd=cwd,
        input=stdin or "",
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=environment | kwargs.pop("env", {}),
        **kwargs,
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A folder with ``index``, made of the handbook by the command, and what that printed."""
    folder = tmp_path_factory.mktemp("handbook")
    return folder, answerable("ingest", HANDBOOK, "--index", "index", "--json", cwd=folder)


@pytest.fixture(scope="session")
def folder(ingested: tuple[Path, Run]) -> Path:
    """The folder with ``index``, only to be read."""
    return ingested[0]


@pytest.fixture(scope="session")
def engine(folder: Path) -> Iterator[Engine]:
    """The handbook's index through the Python entry."""
    with Engine.open(folder / "index") as opened:
        yield opened
