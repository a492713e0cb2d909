"""Distillation: what an ensemble of readers thinks of each token, learnt by one of them."""

import torch
from torch import Tensor

from .base_model import load_base_model
from .batches import Batch
from .logits import span_logits
from .loss import log_probabilities
from .options import DistillationSpec


class Teachers:
    """Readers that never change; their probabilities are averaged token by token.

    Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network".
    """

    def __init__(self, spec: DistillationSpec, device: torch.device, dtype: torch.dtype) -> None:
        """Load the teachers.

        Raises:
            ModelFolderInvalid: one of them cannot be read.
        """
        self.weight = spec.weight
        self._temperature = spec.temperature
        self._models = [
            load_base_model(path).to(device, dtype).eval().requires_grad_(False)
            for path in spec.teachers
        ]

    def loss(self, logits: tuple[Tensor, Tensor], batch: Batch) -> Tensor:
        """Return the mean KL divergence of the student from the teachers' mean.

        It is multiplied by the temperature's square, which keeps its gradients as large as
        those of the gold loss.

        Args:
            logits: the student's start and end logits, (n_windows, n_tokens) each.
            batch: what they were computed for.
        """
        gaps = []
        for student, wanted in zip(logits, self._probabilities(batch), strict=True):
            log_student = log_probabilities(student, batch.allowed, self._temperature)
            log_wanted = wanted.clamp(min=1e-9).log()
            gaps.append((wanted * (log_wanted - log_student)).sum(dim=1))
        return torch.stack(gaps).mean() * self._temperature**2

    def _probabilities(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return mean start and end probabilities, (n_windows, n_tokens) float32 each."""
        with torch.no_grad():
            logits = [span_logits(model, batch) for model in self._models]
            start, end = (
                torch.stack([self._probability(one, batch) for one in each]).mean(dim=0)
                for each in zip(*logits, strict=True)
            )
        return start, end

    def _probability(self, logits: Tensor, batch: Batch) -> Tensor:
        return log_probabilities(logits, batch.allowed, self._temperature).exp()
