"""What one step minimizes: the gold answers, and what the spec adds to them."""

import torch
from torch import Tensor
from transformers import PreTrainedModel

from .batches import Batch
from .logits import Logits, span_logits
from .loss import (
    log_probabilities,
    marginal_span_loss,
    shared_span_loss,
    symmetric_divergence,
)
from .spec import ReaderTrainSpec
from .teachers import Teachers


class Objective:
    """A batch to a loss, as a spec says it."""

    def __init__(self, spec: ReaderTrainSpec, teachers: Teachers | None) -> None:
        self._spec = spec
        self._teachers = teachers

    def __call__(self, model: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the scalar loss of a batch that lies on the model's device."""
        logits = span_logits(model, batch)
        loss = self._of_pass(logits, batch)
        if self._spec.r_drop:
            again = span_logits(model, batch)
            loss = (loss + self._of_pass(again, batch)) / 2
            gap = symmetric_divergence(_log(logits, batch), _log(again, batch))
            loss = loss + self._spec.r_drop * gap
        if self._teachers is not None:
            weight = self._teachers.weight
            loss = (1 - weight) * loss + weight * self._teachers.loss(logits, batch)
        return loss

    def _of_pass(self, logits: Logits, batch: Batch) -> Tensor:
        losses = []
        if self._spec.loss in ("per_window", "both"):
            losses.append(marginal_span_loss(*logits, batch.allowed, batch.targets))
        if self._spec.loss in ("shared", "both"):
            losses.append(shared_span_loss(*logits, batch.allowed, batch.targets, batch.group))
        return torch.stack(losses).mean()


def _log(logits: Logits, batch: Batch) -> Logits:
    start, end = logits
    return log_probabilities(start, batch.allowed), log_probabilities(end, batch.allowed)
