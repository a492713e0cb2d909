"""Nothing that reads a file may run it: no pickle, no eval, no unsafe loader, in any module."""

import ast
from collections.abc import Iterator

import pytest

from tests.guards.layout import MODULES, Module

BANNED_IMPORTS = ("cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve")
BANNED_CALLS = (
    "compile",
    "eval",
    "exec",
    "os.popen",
    "os.system",
    "torch.load",
    "yaml.full_load",
    "yaml.load",
    "yaml.unsafe_load",
)
BANNED_TRUE_OPTIONS = ("allow_pickle", "shell", "trust_remote_code")


def _unsafe(tree: ast.Module) -> list[str]:
    """Return what a module does that this project never does."""
    return [found for node in ast.walk(tree) for found in _unsafe_in(node)]


def _unsafe_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (a.name for a in node.names if a.name.split(".")[0] in BANNED_IMPORTS)
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        is_banned_module = (node.module or "").split(".")[0] in BANNED_IMPORTS
        yield from (name for name in names if is_banned_module or name in BANNED_CALLS)
    elif isinstance(node, ast.Call):
        if (name := ast.unparse(node.func)) in BANNED_CALLS:
            yield name
        for option in node.keywords:
            is_false = isinstance(option.value, ast.Constant) and not option.value.value
            if option.arg in BANNED_TRUE_OPTIONS and not is_false:
                yield f"{option.arg}="


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_unsafe_construct(module: Module) -> None:
    """A module neither unpickles nor evaluates, by import or by call."""
    assert _unsafe(module.tree) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import pickle", ["pickle"]),
        ("from pickle import loads", ["pickle.loads"]),
        ("from yaml import load", ["yaml.load"]),
        ("import torch\nstate = torch.load(path)", ["torch.load"]),
        ("value = eval(text)", ["eval"]),
        ("numpy.load(path, allow_pickle=True)", ["allow_pickle="]),
        ("numpy.load(path, allow_pickle=False)", []),
        ("re.compile(pattern); yaml.safe_load(text); model.eval()", []),
    ],
)
def test_the_search_itself(code: str, expected: list[str]) -> None:
    """A planted construct is found, and its harmless namesakes are not."""
    assert _unsafe(ast.parse(code)) == expected
