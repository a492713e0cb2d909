"""What a graph is fed: its own names and types, padded to its length where it has one."""

from dataclasses import dataclass

import numpy as np

from answerable.reader.feeds import InputForm

IDS, TYPES = np.array([7, 8, 9]), np.array([0, 1, 1])


@dataclass(frozen=True, slots=True)
class Node:
    """An input as a session describes it."""

    name: str
    type: str
    shape: tuple[object, ...]


def test_a_graph_of_any_length() -> None:
    """Nothing is padded, and only what the graph has is fed, in its type."""
    nodes = [
        Node("input_ids", "tensor(int32)", ("batch", "length")),
        Node("attention_mask", "tensor(int64)", ("batch", "length")),
    ]
    feeds = InputForm.of(nodes).feeds(IDS, TYPES)
    assert {name: value.tolist() for name, value in feeds.items()} == {
        "input_ids": [[7, 8, 9]],
        "attention_mask": [[1, 1, 1]],
    }
    assert [value.dtype for value in feeds.values()] == [np.int32, np.int64]


def test_a_graph_of_one_length() -> None:
    """Every input is padded to it, the mask hides what was added, positions count on."""
    names = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
    form = InputForm.of([Node(name, "tensor(int64)", (1, 5)) for name in names])
    assert form.length == 5
    assert {name: value.tolist() for name, value in form.feeds(IDS, TYPES).items()} == {
        "input_ids": [[7, 8, 9, 0, 0]],
        "attention_mask": [[1, 1, 1, 0, 0]],
        "token_type_ids": [[0, 1, 1, 0, 0]],
        "position_ids": [[0, 1, 2, 3, 4]],
    }
