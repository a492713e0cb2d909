"""Which input of a stranger's ONNX graph is which, and which output: by name, else by shape.

Names differ with the tool that wrote the file (``input_ids``, ``segment_ids``, ``input.1``,
``unstack:0``, ``output_s``); what an input does not say by its name, it says by the table whose
rows it picks.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from answerable.index import ModelFolderInvalid

IDS, MASK, TYPES, POSITIONS = "input_ids", "attention_mask", "token_type_ids", "position_ids"
_FEWEST_WORDS = 100  # rows of a table of words; of positions there may be more
_INPUT_NAMES = (
    (MASK, re.compile(r"mask")),
    (TYPES, re.compile(r"segment|type")),
    (POSITIONS, re.compile(r"position")),
    (IDS, re.compile(r"input_?ids|token_?ids|^ids$|^tokens$|src_tokens")),
)
_START = re.compile(r"start|output_s\b|unstack:?_?0|_s$")
_END = re.compile(r"end|output_e\b|unstack:?_?1|_e$")
_PASSING = {"Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"}
_TOKEN_AXES = 2


@dataclass(frozen=True, slots=True)
class Roles:
    """The parts of a graph under our names.

    Attributes:
        inputs: the graph's name of each input that it needs, by ours.
        outputs: the graph's names: two of start and end logits, or one that holds both, or one
            of logits over a vocabulary.
        is_guess: whether start and end were told by their order alone.
    """

    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    is_guess: bool


def find_roles(graph: Any, named_outputs: Sequence[str] = ()) -> Roles:
    """Tell the inputs and outputs of a graph apart.

    Args:
        graph: an ONNX GraphProto without dead nodes.
        named_outputs: the user's names of start and end logits; none to find them.

    Raises:
        ModelFolderInvalid: they are not those of a reader or a masked-language model.
    """
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    outputs, is_guess = _outputs(graph, named_outputs)
    roles: dict[str, str] = {}
    left = []
    for value in inputs:
        role = _by_name(value.name)
        if role is None or role in roles:
            left.append(value.name)
        else:
            roles[role] = value.name
    for name in left:
        role = _by_table(graph, name)
        if role is None and MASK not in roles:
            role = MASK  # the one input that picks from no table
        if role is None or role in roles:
            raise ModelFolderInvalid(
                f"the ONNX graph's inputs are {_names(inputs)}: which of token ids, mask, token "
                f"types and positions {name!r} is cannot be told"
            )
        roles[role] = name
    if IDS not in roles:
        raise ModelFolderInvalid(f"the ONNX graph's inputs are {_names(inputs)}: none is of tokens")
    return Roles(roles, outputs, is_guess)


def _by_name(name: str) -> str | None:
    plain = name.lower().partition(":")[0]
    return next((role for role, pattern in _INPUT_NAMES if pattern.search(plain)), None)


def _by_table(graph: Any, name: str) -> str | None:
    """Tell an input by the rows of the table that it picks from; None if it picks none."""
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    reached = {name}
    for node in graph.node:  # in topological order, as the format demands
        if node.op_type in _PASSING and node.input and node.input[0] in reached:
            reached.update(node.output)
        if node.op_type == "Gather" and node.input[1] in reached:
            shape = shapes.get(node.input[0], ())
            if len(shape) == _TOKEN_AXES:
                rows, is_first = shape[0], name == graph.input[0].name
                if rows <= _TOKEN_AXES:
                    return TYPES
                return IDS if rows >= _FEWEST_WORDS and (is_first or rows > 1024) else POSITIONS
    return None


def _outputs(graph: Any, named: Sequence[str]) -> tuple[tuple[str, ...], bool]:
    by_name = {value.name: value for value in graph.output}
    if named:
        missing = [name for name in named if name not in by_name]
        if missing or len(named) != 2:
            raise ModelFolderInvalid(
                f"the ONNX graph's outputs are {_names(graph.output)}: name two of them, the start "
                "and the end"
            )
        return tuple(named), False
    floats = [value for value in graph.output if value.type.tensor_type.elem_type in (1, 10, 11)]
    start = [value.name for value in floats if _START.search(value.name.lower())]
    end = [value.name for value in floats if _END.search(value.name.lower())]
    if len(start) == len(end) == 1 and start != end:
        return (start[0], end[0]), False
    if len(floats) == 1:
        return (floats[0].name,), False
    if len(floats) == 2:
        return (floats[0].name, floats[1].name), True
    raise ModelFolderInvalid(
        f"the ONNX graph's outputs are {_names(graph.output)}: which are the start and the end "
        "cannot be told: name them with --output-names START,END"
    )


def _names(values: Sequence[Any]) -> str:
    return ", ".join(value.name for value in values)
