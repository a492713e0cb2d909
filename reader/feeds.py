"""What a graph is fed for one window: under its names, in its types, padded if it must be."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Outputs = Sequence[npt.NDArray[np.float32]]
Run = Callable[[Ids, Ids], Outputs]
"""A model: what it gives for the token ids and type ids of one window, (n_tokens,) each."""

INPUT_NAMES = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
"""Every input that a graph of ours may have; the first it must."""
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}


@dataclass(frozen=True, slots=True)
class InputForm:
    """The inputs of a graph.

    Attributes:
        types: numpy type of each input, by name.
        length: the only number of tokens that the graph takes; None if it takes any.
    """

    types: Mapping[str, Any]
    length: int | None

    @classmethod
    def of(cls, nodes: Sequence[Any]) -> "InputForm":
        """Read the form from a session's inputs."""
        lengths = {node.shape[1] for node in nodes if len(node.shape) == 2}
        fixed = [length for length in lengths if isinstance(length, int)]
        types = {node.name: _INTEGERS.get(node.type, np.int64) for node in nodes}
        return cls(types, fixed[0] if fixed else None)

    def feeds(
        self, token_ids: Ids, type_ids: Ids, n_read: int | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """Return the inputs of one window, (1, length) each.

        Args:
            token_ids: (n_tokens,).
            type_ids: (n_tokens,).
            n_read: tokens before the window's own padding; None for all.
        """
        n_tokens = len(token_ids)
        length = self.length or n_tokens
        mask = np.ones(n_tokens, np.int64)
        mask[n_tokens if n_read is None else n_read :] = 0
        values = {
            "input_ids": token_ids,
            "attention_mask": mask,
            "token_type_ids": type_ids,
        }
        padded = {"position_ids": np.arange(length)} | {
            name: np.pad(value, (0, length - n_tokens)) if length > n_tokens else value
            for name, value in values.items()
        }
        return {name: padded[name][None].astype(kind) for name, kind in self.types.items()}


def has_token_types(model: Any) -> bool:
    """Tell whether a model tells two segments apart, so that it is given ``token_type_ids``."""
    takes = inspect.signature(model.forward).parameters
    return "token_type_ids" in takes and getattr(model.config, "type_vocab_size", 0) > 1
