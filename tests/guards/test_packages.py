"""The wheel holds what the source tree holds: each package listed, typed and installed."""

import tomllib
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

import pytest

from tests.guards.layout import FOLDERS, PACKAGES, folder_path


def _project(source_root: Path) -> dict[str, Any]:
    return tomllib.loads((source_root / "pyproject.toml").read_text(encoding="utf-8"))


def _packages_on_disk(source_root: Path) -> list[str]:
    """Return the dotted name of every directory of the five folders that holds Python files."""
    directories = {
        path.parent.relative_to(source_root)
        for folder in FOLDERS
        for path in (source_root / folder).rglob("*.py")
    }
    return sorted(".".join(("answerable", *directory.parts)) for directory in directories)


@pytest.mark.source
def test_every_package_is_listed(source_root: Path) -> None:
    """A directory with Python files that pyproject.toml forgets would miss from the wheel."""
    listed = _project(source_root)["tool"]["setuptools"]["packages"]
    assert sorted(listed) == _packages_on_disk(source_root)


@pytest.mark.source
def test_every_listed_package_is_importable(source_root: Path) -> None:
    """The installed packages are those that pyproject.toml lists."""
    listed = _project(source_root)["tool"]["setuptools"]["packages"]
    assert sorted(package.name for package in PACKAGES) == sorted(listed)


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_is_typed(folder: str) -> None:
    """Each folder carries the marker that makes its annotations count for users."""
    assert (folder_path(folder) / "py.typed").is_file()


@pytest.mark.parametrize("folder", ["retriever", "reader"])
def test_folder_carries_its_model(folder: str) -> None:
    """The weights come with the package: nothing is downloaded at run time."""
    assert list((folder_path(folder) / "models").rglob("*.onnx")) != []


@pytest.mark.source
def test_installed_version_is_the_source_version(source_root: Path) -> None:
    """An editable installation is not left behind by a version change."""
    assert version("answerable") == _project(source_root)["project"]["version"]


def test_console_script() -> None:
    """``answerable`` starts ``answerable.cli.main:main``."""
    scripts = {script.value for script in entry_points(group="console_scripts", name="answerable")}
    assert scripts == {"answerable.cli.main:main"}
