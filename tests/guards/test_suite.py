"""The suite and the sources themselves: every test folder runs, every file stays small."""

import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.source

SOURCES = ("api", "benchmarks", "cli", "examples", "index", "reader", "retriever", "tests", "tools")
MAX_LINES = 400


def test_every_test_folder_runs(source_root: Path) -> None:
    """``pytest`` runs all test folders but the one that needs torch."""
    settings = tomllib.loads((source_root / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {path.relative_to(source_root / "tests").parts[0] for path in _tests(source_root)}
    expected = sorted(f"tests/{folder}" for folder in folders - {"models"})
    assert settings["tool"]["pytest"]["ini_options"]["testpaths"] == expected


def test_tests_mirror_the_code(source_root: Path) -> None:
    """A test file of a product folder is in ``tests/<folder>``, and the folder has some."""
    folders = {path.relative_to(source_root / "tests").parts[0] for path in _tests(source_root)}
    assert {"api", "cli", "end_to_end", "index", "models", "reader", "retriever"} <= folders


def test_files_stay_small(source_root: Path) -> None:
    """No Python file is longer than what a reader takes in at one sitting."""
    files = [path for folder in SOURCES for path in (source_root / folder).rglob("*.py")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {path for path, length in lengths.items() if length > MAX_LINES} == set()


def _tests(source_root: Path) -> list[Path]:
    return sorted((source_root / "tests").rglob("test_*.py"))
