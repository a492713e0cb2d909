"""``key.sub=value``: a value of a specification, changed on the command line."""

from collections.abc import Callable
from typing import Any

from .errors import TrainSpecInvalid


def apply_override(tree: dict[str, Any], override: str, parse: Callable[[str], Any]) -> None:
    """Put the value into the tree, making the sections on its way.

    Args:
        tree: of the specification; changed.
        override: ``key.sub=value``.
        parse: what the text of the value means.

    Raises:
        TrainSpecInvalid: the override is of another form, or leads through a value.
    """
    dotted, separator, value = override.partition("=")
    if not separator or not dotted:
        raise TrainSpecInvalid(f"override {override!r} is not of the form key.sub=value")
    *parents, leaf = dotted.split(".")
    node = tree
    for key in parents:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise TrainSpecInvalid(f"override {override!r}: {key!r} is a value, not a section")
    node[leaf] = parse(value)
