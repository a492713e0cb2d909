"""Golden logits: what is written comes back, and what is broken is refused."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from answerable.index import ModelFolderInvalid
from answerable.reader.golden import (
    GOLDEN_NAME,
    Golden,
    GoldenWindow,
    Ids,
    load_golden,
    record,
    save_golden,
)
from answerable.reader.spans import Logits

GOLDEN = Golden(0.5, (GoldenWindow((2, 7, 3), (0, 1, 1), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),))


def _off_by(value: float) -> tuple[Logits, Logits]:
    start, end = np.array([1, 2, 3], np.float32), np.array([4, 5, 6], np.float32)
    return start, end + np.array([0, value, 0], np.float32)


def test_round_trip(tmp_path: Path) -> None:
    """What was recorded is what is loaded."""
    ids = np.array([2, 7, 3], np.int64), np.array([0, 1, 1], np.int64)
    recorded = record([ids], lambda token_ids, type_ids: _off_by(0))
    save_golden(tmp_path, Golden(0.5, recorded.windows))
    assert load_golden(tmp_path) == GOLDEN


def test_a_folder_without_golden_logits(tmp_path: Path) -> None:
    """Models of other tools have none."""
    assert load_golden(tmp_path) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, 0.0), (-0.25, 0.25), (float("nan"), float("inf")), (float("inf"), float("inf"))],
)
def test_the_largest_difference_counts(value: float, expected: float) -> None:
    """One logit that is off is enough, and logits that are no numbers are off without end."""
    seen: list[list[int]] = []

    def score(token_ids: Ids, type_ids: Ids) -> tuple[Logits, Logits]:
        seen.append([*token_ids.tolist(), *type_ids.tolist()])
        return _off_by(value)

    assert GOLDEN.largest_difference(score) == expected
    assert seen == [[2, 7, 3, 0, 1, 1]]


WINDOW = asdict(GOLDEN.windows[0])


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"tolerance": 1.0, "windows": []},
        {"tolerance": "much", "windows": [WINDOW]},
        {"tolerance": float("inf"), "windows": [WINDOW]},
        {"tolerance": float("nan"), "windows": [WINDOW]},
        {"tolerance": 10**400, "windows": [WINDOW]},
        {"tolerance": 1.0, "windows": [{**WINDOW, "token_ids": [float("inf"), 1, 1]}]},
        {"tolerance": 1.0, "windows": [{**WINDOW, "end_logits": [10**400, 1, 1]}]},
        {"tolerance": 1.0, "windows": [{**WINDOW, "type_ids": [0, 1]}]},
        {"tolerance": 1.0, "windows": [{**WINDOW, "start_logits": None}]},
        {"tolerance": 1.0, "windows": [{key: [] for key in WINDOW}]},
        {"tolerance": 1.0, "windows": ["window"]},
        {"tolerance": 1.0, "windows": [WINDOW], "more": " " * 1_000_000},
    ],
)
def test_another_layout_is_refused(tmp_path: Path, value: object) -> None:
    """A file that is not laid out as ours is one clear error."""
    (tmp_path / GOLDEN_NAME).write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(ModelFolderInvalid, match=r"golden\.json cannot be read"):
        load_golden(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000])
def test_no_json_is_refused(tmp_path: Path, content: bytes) -> None:
    """Neither is one that is no JSON at all."""
    (tmp_path / GOLDEN_NAME).write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match=r"golden\.json cannot be read"):
        load_golden(tmp_path)
