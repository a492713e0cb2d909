"""YAML files that are not trusted: plain values, few of them, and none that repeats another."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from answerable.index import ModelFolderInvalid

from .source_files import read_text

_MAX_CHARS = 50_000  # a NeMo model's configuration has some 5,000
_MAX_EVENTS = 5000
_MAX_DEPTH = 20
_REFERENCE = re.compile(r"\$\{([\w.]{1,200})\}")


def read_yaml(path: Path) -> dict[str, Any]:
    """Return a file's mapping, with ``${a.b}`` replaced by the value of that key.

    Raises:
        ModelFolderInvalid: it cannot be read, is too large or too deep, or holds a tag, an
            alias, or anything but one mapping.
    """
    try:
        tree = parse_yaml(read_text(path, 1 << 20))
    except (ModelFolderInvalid, yaml.YAMLError, ValueError) as exc:
        reason = " ".join(str(exc).split())[:200]
        raise ModelFolderInvalid(f"cannot read {path}: {reason}") from exc
    return tree


def parse_yaml(text: str) -> dict[str, Any]:
    """Return a text's mapping; see ``read_yaml``."""
    if len(text) > _MAX_CHARS:
        raise ModelFolderInvalid(f"it is longer than {_MAX_CHARS:,} characters")
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if isinstance(event, yaml.AliasEvent):
            raise ModelFolderInvalid("it repeats values by aliases, which are not followed")
        if (tag := getattr(event, "tag", None)) is not None:
            raise ModelFolderInvalid(f"it names a type, {tag[:60]!r}")
        if count > _MAX_EVENTS or depth > _MAX_DEPTH:
            raise ModelFolderInvalid("it holds too many values, or too deep ones")
    tree = yaml.safe_load(text)
    if not isinstance(tree, dict) or not all(isinstance(key, str) for key in tree):
        raise ModelFolderInvalid("it holds no mapping")
    resolved: dict[str, Any] = _resolved(tree, tree)
    return resolved


def value_at(tree: Mapping[str, Any], dotted: str, default: Any = None) -> Any:
    """Return the value at ``a.b.c``, or the default where there is none or only None."""
    node: Any = tree
    for key in dotted.split("."):
        if not isinstance(node, Mapping) or node.get(key) is None:
            return default
        node = node[key]
    return node


def _resolved(value: Any, tree: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(one, tree) for key, one in value.items()}
    if isinstance(value, list):
        return [_resolved(one, tree) for one in value]
    if isinstance(value, str) and (match := _REFERENCE.fullmatch(value)):
        found = value_at(tree, match[1], value)
        if isinstance(found, dict | list) or (isinstance(found, str) and "${" in found):
            return value  # sections, and references to references, are left as they are written
        return found
    return value
