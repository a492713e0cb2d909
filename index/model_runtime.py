"""What every model needs of this machine and of the libraries that run it.

Nothing of those libraries is imported before it is asked for: the index itself needs none.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from . import telemetry  # noqa: F401  before ONNX Runtime is imported
from .errors import ModelFolderInvalid

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def available_cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def onnx_errors() -> tuple[type[Exception], ...]:
    """Return all that ONNX Runtime raises of its own for a model that it cannot load or run."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    raised = (value for value in vars(state).values() if isinstance(value, type))
    return tuple(each for each in raised if issubclass(each, Exception))


def read_tokenizer(path: Path) -> "Tokenizer":
    """Read a ``tokenizer.json``.

    Raises:
        ModelFolderInvalid: it cannot be read, or is no tokenizer.
    """
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as exc:  # tokenizers raises a bare Exception for every failure
        raise ModelFolderInvalid(f"cannot read the tokenizer {path}: {exc}") from exc


def without_surrogates(text: str) -> str:
    """Replace surrogates, which are legal in a Python string and which no tokenizer takes.

    One code point for one, pairs included: offsets stay those of the text itself.
    """
    return _SURROGATES.sub(_REPLACEMENT, text)
