"""docs/settings.md and docs/result.md leave nothing out: no variable, no default, no field, no value."""

import ast
import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from answerable.api.mcp.settings import McpSettings
from answerable.api.settings import Settings
from answerable.api.types import (
    Answer,
    AnswerLimit,
    AskResult,
    AskTiming,
    DocumentRef,
    ModelNames,
    NearestPassage,
    ProfileVerdict,
    SearchHit,
    SearchResult,
    SearchTiming,
)
from answerable.retriever import ChannelScore
from tests.guards.layout import MODULES, Module

pytestmark = pytest.mark.source

TABLES: dict[str, type[Any]] = {
    "The whole": AskResult,
    "An answer": Answer,
    "A document": DocumentRef,
    "A nearest passage": NearestPassage,
    "The limit": AnswerLimit,
    "Times": AskTiming,
    "Models": ModelNames,
    "Another system's verdict": ProfileVerdict,
    "The result of a search": SearchResult,
    "A hit": SearchHit,
}
IN_ROWS = {SearchTiming: ("total",), ChannelScore: ("rank", "score")}  # too small for a table
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}[A-Z0-9]")
CODE = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def settings_page(source_root: Path) -> str:
    """The page of the settings."""
    return (source_root / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def result_page(source_root: Path) -> str:
    """The page of the result."""
    return (source_root / "docs" / "result.md").read_text(encoding="utf-8")


def _rows(text: str) -> list[list[str]]:
    """Return the cells of every table row of a text, heads and rules included."""
    lines = (line for line in text.splitlines() if line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _named(page: str) -> set[str]:
    """Return what a page writes as code within its lines."""
    return set(CODE.findall(FENCE.sub("", page)))


def _defaults(name: str) -> set[str]:
    """Return how the defaults of a setting are written: two where MCP has its own."""
    fields = [
        kind.model_fields[name] for kind in (Settings, McpSettings) if name in kind.model_fields
    ]
    return {
        json.dumps(field.default, default=str).strip('"')
        for field in fields
        if field.default is not None
    }


def _constants(module: Module) -> Iterator[str]:
    """Yield the strings of a module that reads the environment which may be variables."""
    names = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    if names & {"environ", "getenv"}:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and VARIABLE.fullmatch(str(node.value)):
                yield str(node.value)


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield an annotation, all that it is made of, and the fields of its dataclasses."""
    yield annotation
    inside = get_args(annotation) if get_origin(annotation) is not Literal else ()
    if dataclasses.is_dataclass(annotation):
        inside = tuple(get_type_hints(annotation).values())
    for part in inside:
        yield from _parts(part)


def _fields(kind: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]


def _section(page: str, heading: str) -> str:
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def _check_example(value: dict[str, Any], kind: type[Any]) -> None:
    """Fail unless a JSON object has exactly the fields of a dataclass, and so on inside it."""
    assert list(value) == _fields(kind)
    for name, annotation in get_type_hints(kind).items():
        inside = [part for part in get_args(annotation) or (annotation,) if part in TABLES.values()]
        values = value[name] if isinstance(value[name], list) else [value[name]]
        for one in values if inside else []:
            if one is not None:
                _check_example(one, inside[0])


def test_every_setting_has_its_row(settings_page: str) -> None:
    """Each field of both kinds of settings has one row, with the default that it really has."""
    rows = [row for row in _rows(settings_page) if len(row) == 5 and row[0].startswith("`")]
    named = [(row[0].strip("`"), set(CODE.findall(row[1]))) for row in rows]
    wanted = [(f"ANSWERABLE_{name.upper()}", _defaults(name)) for name in McpSettings.model_fields]
    assert set(Settings.model_fields) <= set(McpSettings.model_fields)
    assert sorted(named, key=str) == sorted(wanted, key=str)


def test_unset_is_said(settings_page: str) -> None:
    """A setting without a default has the word in its place."""
    empty = [row for row in _rows(settings_page) if len(row) == 5 and not CODE.search(row[1])]
    assert {row[1] for row in empty} == {"default", "---", "unset"}


def test_every_other_variable_is_named(settings_page: str) -> None:
    """What a module reads from the environment, or puts into a child's, is on the page."""
    found = {name for module in MODULES for name in _constants(module)}
    assert {"NO_COLOR", "TERM", "ORT_DISABLE_TELEMETRY"} <= found
    assert sorted(found - _named(settings_page)) == []


@pytest.mark.parametrize("heading", TABLES)
def test_every_field_of_a_result_has_its_row(heading: str, result_page: str) -> None:
    """The table under a heading has the fields of its type, in their order."""
    table = re.search(r"(?:^\|.*\n)+", _section(result_page, heading), re.MULTILINE)
    assert table is not None
    assert [row[0].strip("`") for row in _rows(table[0])[2:]] == _fields(TABLES[heading])


def test_every_type_of_a_result_has_its_table(result_page: str) -> None:
    """A type that comes into a result comes onto the page."""
    parts = [*_parts(AskResult), *_parts(SearchResult)]
    types = {part for part in parts if dataclasses.is_dataclass(part)}
    assert types == {*TABLES.values(), *IN_ROWS}
    assert {kind: tuple(_fields(kind)) for kind in IN_ROWS} == IN_ROWS
    hit_and_search = _section(result_page, "A hit") + _section(
        result_page, "The result of a search"
    )
    for names in IN_ROWS.values():
        assert [name for name in names if f'"{name}": ' not in hit_and_search] == []


def test_every_value_is_named(result_page: str) -> None:
    """Reasons, states of the calibration and the like are on the page, each as code."""
    parts = [*_parts(AskResult), *_parts(SearchResult)]
    values = {value for part in parts if get_origin(part) is Literal for value in get_args(part)}
    assert {"no_passages", "shifted"} <= values
    assert sorted(values - _named(result_page)) == []


def test_example_has_every_field(result_page: str) -> None:
    """The example is JSON, and has the fields of a result and no others, all the way down."""
    (example,) = re.findall(r"^```json\n(.*?)^```", result_page, re.MULTILINE | re.DOTALL)
    _check_example(json.loads(example), AskResult)
