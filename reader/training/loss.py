"""The reader's training objectives, on logits of shape (n_windows, n_tokens)."""

import torch
from torch import Tensor

_NOT_ALLOWED = -1e4  # a logit nobody reaches; finite, so that no gradient becomes NaN


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
    start_log = log_probabilities(start_logits, allowed)
    end_log = log_probabilities(end_logits, allowed)
    return -_log_sum_of_targets(start_log, end_log, targets, targets[..., 0] >= 0).mean()


def shared_span_loss(
    start_logits: Tensor, end_logits: Tensor, allowed: Tensor, targets: Tensor, group: Tensor
) -> Tensor:
    """Return the mean loss of one softmax over all windows of each question and "no answer".

    A span's score is its log-odds against its own window's null, start plus end logit minus
    those of position 0, which is the scale ``ranking.py`` compares spans of different windows
    on; "no answer anywhere" scores 0. With S the spans of all windows of a question and T
    those of them that are right, the loss is

        -log( sum over T of exp(score) / (1 + sum over S of exp(score)) )

    and, where T is empty, the 1 stands above the line instead.

    Args:
        start_logits: (n_windows, n_tokens) float.
        end_logits: (n_windows, n_tokens) float.
        allowed: as in ``marginal_span_loss``.
        targets: as in ``marginal_span_loss``; (0, 0) says that a window holds no answer.
        group: (n_windows,) long; the question of each window, from 0 up.

    Source: Clark and Gardner 2018, section 4 (shared normalization), with "no answer" as
        in its appendix; spans factor into start and end, as in the window's own softmax.
    """
    start, end = _odds(start_logits, allowed), _odds(end_logits, allowed)
    any_span = torch.logsumexp(start, dim=1) + torch.logsumexp(end, dim=1)
    right = _log_sum_of_targets(start, end, targets, targets[..., 0] > 0)
    n_questions = int(group.max()) + 1
    total = torch.logaddexp(_sum_by_question(any_span, group, n_questions), any_span.new_zeros(()))
    right = _sum_by_question(right, group, n_questions)
    has_answer = torch.zeros(n_questions, dtype=torch.bool, device=group.device)
    has_answer[group[(targets[..., 0] > 0).any(dim=1)]] = True
    return (total - torch.where(has_answer, right, torch.zeros_like(right))).mean()


def symmetric_divergence(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean symmetric KL divergence of two passes' start and end distributions.

    Args:
        first: start and end log-probabilities, (n_windows, n_tokens) each.
        second: the same of the other pass.

    Source: Liang and others 2021, "R-Drop: Regularized Dropout for Neural Networks",
        equation 2.
    """
    gaps = [
        ((a.exp() - b.exp()) * (a - b)).sum(dim=1) for a, b in zip(first, second, strict=True)
    ]  # KL(a|b) + KL(b|a)
    return torch.stack(gaps).mean() / 2


def log_probabilities(logits: Tensor, allowed: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the log-softmax over each window's allowed tokens, in FP32."""
    return torch.log_softmax(_masked(logits, allowed) / temperature, dim=1)


def _masked(logits: Tensor, allowed: Tensor) -> Tensor:
    return logits.float().masked_fill(~allowed, _NOT_ALLOWED)


def _odds(logits: Tensor, allowed: Tensor) -> Tensor:
    """Return logits relative to position 0's; position 0 itself is no part of a span."""
    in_context = allowed.clone()
    in_context[:, 0] = False
    return _masked(logits.float() - logits.float()[:, :1], in_context)


def _log_sum_of_targets(start: Tensor, end: Tensor, targets: Tensor, counts: Tensor) -> Tensor:
    """Return log of the sum of exp(start + end) over each window's targets that count."""
    index = targets.clamp(min=0)
    joint = start.gather(1, index[..., 0]) + end.gather(1, index[..., 1])
    return torch.logsumexp(joint.masked_fill(~counts, 2 * _NOT_ALLOWED), dim=1)


def _sum_by_question(scores: Tensor, group: Tensor, n_questions: int) -> Tensor:
    """Return log of the sum of exp(score) over the windows of each question: (n_questions,)."""
    own = group[None, :] == torch.arange(n_questions, device=group.device)[:, None]
    spread = scores.expand(n_questions, -1).masked_fill(~own, 4 * _NOT_ALLOWED)
    return torch.logsumexp(spread, dim=1)
