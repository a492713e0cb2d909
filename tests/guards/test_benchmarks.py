"""The benchmarks are not imported by any test: what they take from each other and from us exists."""

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.source

# Modules that need the extras, which this environment does not have.
NEEDS_EXTRAS = ("answerable.reader.training.", "answerable.retriever.training")


def test_the_benchmarks_import_what_exists(source_root: Path) -> None:
    """A name that was renamed or made private is found here, not after an hour of measuring."""
    folder = source_root / "benchmarks"
    scripts = {path.stem: ast.parse(path.read_text("utf-8")) for path in folder.glob("*.py")}
    assert scripts, "no benchmarks were found"
    missing = [
        f"{script}.py: {module}.{name}"
        for script, tree in scripts.items()
        for module, name in _imports(tree)
        if not _holds(scripts, module, name)
    ]
    assert not missing


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield node.module, alias.name


def _holds(scripts: dict[str, ast.Module], module: str, name: str) -> bool:
    if module in scripts:
        return name in _defined(scripts[module])
    if module.startswith("answerable") and not module.startswith(NEEDS_EXTRAS):
        return hasattr(importlib.import_module(module), name) or _is_module(f"{module}.{name}")
    return True


def _is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _defined(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names.update(alias.asname or alias.name for alias in node.names)
    return names
