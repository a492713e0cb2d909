"""A document's metadata as pairs of a path and a text, which is all that a filter compares.

``{"author": "Ann", "dept": {"name": "HR"}, "tags": ["a", "b"]}`` is ``author=Ann``,
``dept.name=HR``, ``tags=a`` and ``tags=b``. Paths are data, never part of a query.
"""

import json
from collections.abc import Iterator
from typing import Any

from .errors import MetadataInvalid
from .types import Metadata

MAX_DEPTH = 8
MAX_PAIRS = 100
MAX_PATH_CHARS = 200
MAX_VALUE_CHARS = 1_000


def metadata_pairs(metadata: Metadata) -> list[tuple[str, str]]:
    """Return the distinct paths and values of a metadata object, sorted.

    Raises:
        MetadataInvalid: it holds what JSON cannot, is nested too deeply, or is too large.
    """
    pairs: set[tuple[str, str]] = set()
    for path, value in _leaves("", dict(metadata), 0):
        if len(pairs) == MAX_PAIRS:
            raise MetadataInvalid(f"metadata has more than {MAX_PAIRS} values: keep those you need")
        pairs.add((checked_path(path), value_text(value)))
    return sorted(pairs)


def metadata_json(metadata: Metadata) -> str:
    """Return metadata as it is stored; equal objects give equal texts.

    Raises:
        MetadataInvalid: as ``metadata_pairs``.
    """
    metadata_pairs(metadata)
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def checked_path(path: str) -> str:
    """Return a path of keys joined by dots.

    Raises:
        MetadataInvalid: a key is empty, or the path is long or cannot be printed.
    """
    if not path.isprintable() or len(path) > MAX_PATH_CHARS or not all(path.split(".")):
        raise MetadataInvalid(
            f"metadata key {path[:MAX_PATH_CHARS]!r} is not one: give printable names joined by "
            f"dots, at most {MAX_PATH_CHARS} characters"
        )
    return path


def value_text(value: Any) -> str:
    """Return a JSON scalar as the text that filters compare.

    Raises:
        MetadataInvalid: it is no scalar, no valid text, or too long.
    """
    if isinstance(value, str):
        text = value
    elif value is None or isinstance(value, bool | int | float):
        try:
            text = json.dumps(value, allow_nan=False)
        except ValueError as exc:  # not a number, infinite, or of thousands of digits
            raise MetadataInvalid("a metadata value is a number that JSON cannot hold") from exc
    else:
        raise MetadataInvalid(
            f"a metadata value cannot be of type {type(value).__name__}: give a text, a number, "
            "true, false or null"
        )
    if len(text) > MAX_VALUE_CHARS or any("\ud800" <= char <= "\udfff" for char in text):
        raise MetadataInvalid(
            f"a metadata value must be valid text of at most {MAX_VALUE_CHARS:,} characters"
        )
    return text


def _leaves(path: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if depth > MAX_DEPTH:
        raise MetadataInvalid(f"metadata is nested more than {MAX_DEPTH} deep: flatten it")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key:
                raise MetadataInvalid(f"metadata key {key!r} is not a name")
            yield from _leaves(f"{path}.{key}" if depth else key, inner, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(path, inner, depth + 1)
    else:
        yield path, value
