"""Batches in an order that depends on seed, epoch and step only, so a run can resume.

Windows of similar length share a batch: little padding, twice the speed.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .spec import DataFile, WindowSpec
from .windows import EncodedQuestion, TrainingWindow, make_window

_POOL_BATCHES = 64  # batches sorted together: enough for even lengths, few enough to stay random


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's tensors; shapes as in ``marginal_span_loss``."""

    token_ids: Tensor
    type_ids: Tensor
    attention_mask: Tensor
    allowed: Tensor
    targets: Tensor

    @property
    def n_tokens(self) -> int:
        """Count the tokens that are not padding."""
        return int(self.attention_mask.sum())


def epoch_order(
    sizes: Sequence[int], files: Sequence[DataFile], rng: random.Random
) -> list[tuple[int, int]]:
    """Return (file, question) pairs of one epoch, shuffled, each file repeated by its weight."""
    order: list[tuple[int, int]] = []
    for file, (size, source) in enumerate(zip(sizes, files, strict=True)):
        whole, part = divmod(source.weight, 1)
        order += [(file, i) for _ in range(int(whole)) for i in range(size)]
        order += [(file, i) for i in rng.sample(range(size), round(part * size))]
    rng.shuffle(order)
    return order


def epoch_batches(
    windows: Sequence[TrainingWindow], batch_size: int, rng: random.Random
) -> Iterator[list[TrainingWindow]]:
    """Yield batches of similar length in random order, every window once."""
    pool_size = batch_size * _POOL_BATCHES
    for at in range(0, len(windows), pool_size):
        pool = sorted(windows[at : at + pool_size], key=lambda window: len(window.token_ids))
        batches = [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
        rng.shuffle(batches)
        yield from batches


def cut_windows(
    encoded: Sequence[EncodedQuestion],
    spec: WindowSpec,
    rng: random.Random,
    special: tuple[int, int],
) -> list[TrainingWindow]:
    """Cut one window from every question, in order."""
    return [make_window(question, spec, rng, special) for question in encoded]


def collate(windows: Sequence[TrainingWindow], pad_id: int) -> Batch:
    """Pad windows to the longest of them and stack them."""
    longest = max(len(window.token_ids) for window in windows)
    most_targets = max(len(window.targets) for window in windows)
    token_ids = torch.full((len(windows), longest), pad_id, dtype=torch.long)
    type_ids = torch.zeros_like(token_ids)
    mask = torch.zeros_like(token_ids)
    targets = torch.full((len(windows), most_targets, 2), -1, dtype=torch.long)
    for row, window in enumerate(windows):
        length = len(window.token_ids)
        token_ids[row, :length] = torch.tensor(window.token_ids)
        type_ids[row, window.context_start : length] = 1
        mask[row, :length] = 1
        targets[row, : len(window.targets)] = torch.tensor(window.targets)
    lengths = mask.sum(dim=1, keepdim=True)
    allowed = type_ids.bool() & (torch.arange(longest) < lengths - 1)
    allowed[:, 0] = True
    return Batch(token_ids, type_ids, mask, allowed, targets)
