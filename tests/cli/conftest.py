"""The command line in process, over an engine without models."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from answerable.api import Engine, Settings
from answerable.cli.main import main
from tests.api.fakes import fill, open_engine, write_handbook


@dataclass(frozen=True, slots=True)
class Run:
    """What one command did."""

    code: int
    out: str
    err: str


RunCli = Callable[..., Run]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``handbook`` and its ``index``, only to be read."""
    folder = tmp_path_factory.mktemp("cli")
    fill(folder / "index", write_handbook(folder))
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The same, to be changed."""
    fill(tmp_path / "index", write_handbook(tmp_path))
    return tmp_path


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunCli:
    """Run a command line in a working directory; the models are fakes."""

    def open_fake(
        path: Path | None = None, settings: Settings | None = None, *, create: bool = False
    ) -> Engine:
        folder = path or (settings.index if settings else Path(".answerable"))
        return open_engine(folder, settings, create=create)

    monkeypatch.setattr(Engine, "open", open_fake)

    def run(*arguments: str | Path, cwd: Path) -> Run:
        monkeypatch.chdir(cwd)
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return run
