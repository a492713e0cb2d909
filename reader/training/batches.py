"""Batches in an order that depends on seed, epoch and step only, so a run can resume.

Windows of similar length share a batch: little padding, twice the speed. All windows of one
question are in one batch, so that a loss can compare them.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from .data import SpecialIds
from .options import DataFile
from .spec import ReaderTrainSpec
from .windows import EncodedQuestion, TrainingWindow, longest, make_group

# Batches sorted together: an epoch of SQuAD, so that most batches hold windows of one length
# and need no mask, which is a tenth of a step.
_POOL_BATCHES = 4096

Group = tuple[TrainingWindow, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's tensors; shapes as in ``marginal_span_loss``.

    Attributes:
        group: (n_windows,) long; windows of one question have one number, from 0 up.
    """

    token_ids: Tensor
    type_ids: Tensor
    attention_mask: Tensor
    allowed: Tensor
    targets: Tensor
    group: Tensor

    @property
    def n_tokens(self) -> int:
        """Count the tokens that are not padding."""
        return int(self.attention_mask.sum())

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


def run_batches(
    files: Sequence[Sequence[EncodedQuestion]],
    spec: ReaderTrainSpec,
    special: SpecialIds,
    skip: int,
) -> Iterator[Batch]:
    """Yield the run's remaining batches, epoch after epoch, ``skip`` already taken."""
    if not files:
        return
    sizes, batch_size = [len(file) for file in files], spec.optimizer.batch_size
    per_epoch = _n_batches(_epoch_size(sizes, spec.data), batch_size)
    epoch = skip // per_epoch
    done = epoch * per_epoch
    while done < spec.optimizer.max_steps:
        rng = random.Random(f"{spec.seed}/{epoch}")
        order = epoch_order(sizes, spec.data, rng)
        encoded = [files[file][question] for file, question in order]
        groups = cut_groups(encoded, spec, rng, epoch, special)
        for chosen in epoch_batches(groups, batch_size, rng):
            if done == spec.optimizer.max_steps:
                return
            done += 1
            if done > skip:
                yield collate(chosen, special.pad)
        epoch += 1


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


def _epoch_size(sizes: Sequence[int], files: Sequence[DataFile]) -> int:
    """Count what ``epoch_order`` returns, to pass over whole epochs at once."""
    return sum(
        int(source.weight) * size + round(source.weight % 1 * size)
        for size, source in zip(sizes, files, strict=True)
    )


def _n_batches(n_questions: int, batch_size: int) -> int:
    """Count what ``epoch_batches`` yields."""
    pools, rest = divmod(n_questions, batch_size * _POOL_BATCHES)
    return pools * _POOL_BATCHES + -(-rest // batch_size)


def cut_groups(
    encoded: Sequence[EncodedQuestion],
    spec: ReaderTrainSpec,
    rng: random.Random,
    epoch: int,
    special: SpecialIds,
) -> list[Group]:
    """Cut the windows of every question, in order."""
    rngs = rng, random.Random(f"{spec.seed}/{epoch}/negatives")
    around = special.around
    return [make_group(each, spec.windows, spec.negatives, rngs, around) for each in encoded]


def epoch_batches(
    groups: Sequence[Group], batch_size: int, rng: random.Random
) -> Iterator[list[Group]]:
    """Yield batches of similar length in random order, every group once."""
    pool_size = batch_size * _POOL_BATCHES
    for at in range(0, len(groups), pool_size):
        pool = sorted(groups[at : at + pool_size], key=longest)
        batches = [pool[i : i + batch_size] for i in range(0, len(pool), batch_size)]
        rng.shuffle(batches)
        yield from batches


def collate(groups: Sequence[Group], pad_id: int) -> Batch:
    """Pad the windows of some questions to the longest of them and stack them."""
    windows = [window for group in groups for window in group]
    length = max(window.n_tokens for window in windows)
    every_target = [window.targets for window in windows]
    most_targets = max(len(targets) for targets in every_target)
    token_ids = torch.full((len(windows), length), pad_id, dtype=torch.long)
    type_ids = torch.zeros_like(token_ids)
    mask = torch.zeros_like(token_ids)
    targets = torch.full((len(windows), most_targets, 2), -1, dtype=torch.long)
    for row, window in enumerate(windows):
        n_tokens = window.n_tokens
        token_ids[row, :n_tokens] = torch.tensor(window.token_ids)
        type_ids[row, window.context_start : n_tokens] = 1
        mask[row, :n_tokens] = 1
        targets[row, : len(every_target[row])] = torch.tensor(every_target[row])
    lengths = mask.sum(dim=1, keepdim=True)
    allowed = type_ids.bool() & (torch.arange(length) < lengths - 1)
    allowed[:, 0] = True
    group = torch.tensor([i for i, members in enumerate(groups) for _ in members])
    return Batch(token_ids, type_ids, mask, allowed, targets, group)
