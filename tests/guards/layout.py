"""Where the five folders are, in the source tree or installed, and what is in them."""

import ast
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

FOLDERS = ("index", "retriever", "reader", "api", "cli")


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file of the product."""

    name: str
    is_package: bool
    tree: ast.Module

    @property
    def folder(self) -> str:
        """The folder it is in: ``reader`` for ``answerable.reader.spans``."""
        return self.name.split(".")[1]


def folder_path(folder: str) -> Path:
    """Return the directory that ``answerable.<folder>`` is imported from."""
    spec = find_spec(f"answerable.{folder}")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def load_modules() -> list[Module]:
    """Parse every Python file under the five folders."""
    return [_load(folder, path) for folder in FOLDERS for path in _python_files(folder)]


def _python_files(folder: str) -> list[Path]:
    return sorted(folder_path(folder).rglob("*.py"))


def _load(folder: str, path: Path) -> Module:
    is_package = path.name == "__init__.py"
    relative = path.parent if is_package else path.with_suffix("")
    parts = ("answerable", folder, *relative.relative_to(folder_path(folder)).parts)
    return Module(".".join(parts), is_package, ast.parse(path.read_text(encoding="utf-8")))


MODULES = load_modules()
PACKAGES = [module for module in MODULES if module.is_package]
