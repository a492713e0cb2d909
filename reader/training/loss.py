"""The reader's training objective."""

import torch
from torch import Tensor


def marginal_span_loss(
    start_logits: Tensor, end_logits: Tensor, allowed: Tensor, targets: Tensor
) -> Tensor:
    """Return the mean negative log-likelihood of any of each window's target spans.

    Every occurrence of the answer counts as right, so an annotation that points at
    another occurrence costs nothing.

    Args:
        start_logits: (n_windows, n_tokens) float.
        end_logits: (n_windows, n_tokens) float.
        allowed: (n_windows, n_tokens) bool; tokens that may start or end an answer:
            the context and position 0, which stands for "no answer".
        targets: (n_windows, n_targets, 2) long; inclusive token pairs, padded with -1.

    Source: Clark and Gardner 2018, "Simple and Effective Multi-Paragraph Reading
        Comprehension", section 2.2 (summed objective).
    """
    start_log = _log_softmax(start_logits, allowed)
    end_log = _log_softmax(end_logits, allowed)
    index = targets.clamp(min=0)
    joint = start_log.gather(1, index[..., 0]) + end_log.gather(1, index[..., 1])
    joint = joint.masked_fill(targets[..., 0] < 0, float("-inf"))
    return -torch.logsumexp(joint, dim=1).mean()


def _log_softmax(logits: Tensor, allowed: Tensor) -> Tensor:
    return torch.log_softmax(logits.float().masked_fill(~allowed, -1e4), dim=1)
