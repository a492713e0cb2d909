"""Who may import whom: cli -> api -> {retriever, reader} -> index, across by the public names only."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guards.layout import MODULES, PACKAGES, Module

# Imported by name: listed in an __init__ they would load the model-building libraries every time.
BUILD_MODULES = (
    "answerable.reader.conversion.encoder_export",
    "answerable.reader.conversion.reader_export",
    "answerable.reader.conversion.masked_export",
    "answerable.reader.conversion.onnx_import",
    "answerable.reader.conversion.quantization",
    "answerable.retriever.export",
)


def _crossings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (imported module, name) for every absolute import of our own at a module's top.

    An import inside a function may name any module: a package cannot list what needs torch.
    """
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((a.name, "") for a in node.names if a.name.split(".")[0] == "answerable")
        elif isinstance(node, ast.ImportFrom) and not node.level:
            source = node.module or ""
            if source.split(".")[0] == "answerable":
                yield from ((source, alias.name) for alias in node.names)


def _listed(tree: ast.Module) -> list[str]:
    """Return the names that a package's ``__all__`` holds."""
    return [
        name
        for node in tree.body
        if isinstance(node, ast.Assign)
        for name in ast.literal_eval(node.value)
    ]


EXPORTS = {package.name: _listed(package.tree) for package in PACKAGES}


@pytest.mark.source
def test_layers_hold(source_root: Path) -> None:
    """import-linter finds no import against the layers' direction."""
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=source_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_crossings_use_public_names(module: Module) -> None:
    """Another folder is imported by what its packages list; one's own folder relatively."""
    wrong = [
        f"from {source} import {name}"
        for source, name in _crossings(module.tree)
        if source.split(".")[1:2] == [module.folder]
        or (source not in BUILD_MODULES and name not in EXPORTS.get(source, []))
    ]
    assert wrong == []
