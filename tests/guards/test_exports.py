"""What each package offers: its imports, under a sorted ``__all__``, and nothing beside them."""

import ast
import importlib

import pytest

from tests.guards.layout import PACKAGES, Module


def _imported(tree: ast.Module) -> list[str]:
    """Return the names that a module's top-level imports bind."""
    return [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def _listed(tree: ast.Module) -> list[str]:
    """Return the literal ``__all__`` of a module, empty where there is none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def _order(name: str) -> tuple[int, str]:
    """Sort as ruff does: constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_all_lists_the_imports_in_order(package: Module) -> None:
    """``__all__`` is exactly what the package imports, sorted."""
    assert _listed(package.tree) == sorted(_imported(package.tree), key=_order)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_init_holds_nothing_but_imports(package: Module) -> None:
    """An ``__init__`` is a docstring, relative imports and ``__all__``."""
    allowed = (ast.Expr, ast.ImportFrom, ast.Assign)
    other = [ast.unparse(node) for node in package.tree.body if not isinstance(node, allowed)]
    assert other == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_exported_names_exist(package: Module) -> None:
    """Each name of ``__all__`` can be imported, without torch."""
    imported = importlib.import_module(package.name)
    assert [name for name in _listed(package.tree) if not hasattr(imported, name)] == []
