"""Golden logits: what a model said on a few windows when it was built.

An 8-bit model can give other answers on another processor. So its folder holds windows and
their logits in FP32, and whoever loads the model compares.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid

from .spans import Logits

GOLDEN_NAME = "golden.json"
_MAX_BYTES = 1_000_000
_DIGITS = 3

Ids = npt.NDArray[np.int64]
Score = Callable[[Ids, Ids], tuple[Logits, Logits]]
"""Takes the token ids and type ids of a window, returns its start and end logits."""


@dataclass(frozen=True, slots=True)
class GoldenWindow:
    """A window and the FP32 model's logits for each of its tokens."""

    token_ids: tuple[int, ...]
    type_ids: tuple[int, ...]
    start_logits: tuple[float, ...]
    end_logits: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Golden:
    """The windows, and how far off a sound processor may be.

    Attributes:
        tolerance: largest difference of a logit from FP32 that is taken for rounding.
    """

    tolerance: float
    windows: tuple[GoldenWindow, ...]

    def largest_difference(self, score: Score) -> float:
        """Return how far ``score``'s logits are from the golden ones, at worst."""
        return max(_difference(window, score) for window in self.windows)


def _difference(window: GoldenWindow, score: Score) -> float:
    logits = np.array([window.start_logits, window.end_logits])
    ids = np.array([window.token_ids, window.type_ids], np.int64)
    difference = np.abs(np.array(score(ids[0], ids[1])) - logits).max()
    return float(difference) if np.isfinite(difference) else float("inf")


def record(windows: Iterable[tuple[Ids, Ids]], score: Score) -> Golden:
    """Return golden windows with FP32's logits, their tolerance still zero."""
    recorded = []
    for token_ids, type_ids in windows:
        start, end = (
            tuple(round(float(v), _DIGITS) for v in row) for row in score(token_ids, type_ids)
        )
        recorded.append(
            GoldenWindow(tuple(token_ids.tolist()), tuple(type_ids.tolist()), start, end)
        )
    return Golden(0.0, tuple(recorded))


def save_golden(folder: Path, golden: Golden) -> None:
    """Write ``golden.json`` into a model folder."""
    text = json.dumps(asdict(golden), separators=(",", ":"))
    (folder / GOLDEN_NAME).write_text(text + "\n", encoding="utf-8")


def load_golden(folder: Path) -> Golden | None:
    """Read a model folder's golden logits; None where there are none.

    Raises:
        ModelFolderInvalid: the file cannot be used.
    """
    path = folder / GOLDEN_NAME
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("too large")
        value = json.loads(path.read_text(encoding="utf-8"))
        windows = tuple(_window(each) for each in value["windows"])
        golden = Golden(float(value["tolerance"]), windows)
        if not 0 <= golden.tolerance < float("inf"):
            raise ValueError("the tolerance is no number of logits")
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as exc:
        raise ModelFolderInvalid(f"golden logits {path} cannot be read: {exc}") from exc
    if not windows:
        raise ModelFolderInvalid(f"golden logits {path} cannot be read: no windows")
    return golden


def _window(value: dict[str, list[float]]) -> GoldenWindow:
    window = GoldenWindow(
        tuple(int(i) for i in value["token_ids"]),
        tuple(int(i) for i in value["type_ids"]),
        tuple(float(x) for x in value["start_logits"]),
        tuple(float(x) for x in value["end_logits"]),
    )
    lengths = {len(window.token_ids), len(window.type_ids)}
    lengths |= {len(window.start_logits), len(window.end_logits)}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError("a window's lists differ in length or are empty")
    return window
