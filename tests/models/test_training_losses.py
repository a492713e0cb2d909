"""The losses against their definitions, written out span by span."""

import math

import pytest
import torch

from answerable.reader.training.loss import (
    log_probabilities,
    marginal_span_loss,
    shared_span_loss,
    symmetric_divergence,
)

pytestmark = pytest.mark.models

# Two questions: windows 0 and 1 are the first's, window 2 the second's. Position 1 is question.
ALLOWED = torch.tensor(
    [
        [True, False, True, True, True],
        [True, False, True, True, False],
        [True, False, True, True, True],
    ]
)
GROUP = torch.tensor([0, 0, 1])
NONE = [[0, 0], [-1, -1]]


def _logits(seed: int = 1, scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return (
        scale * torch.randn(3, 5, generator=generator),
        scale * torch.randn(3, 5, generator=generator),
    )


def _shared_by_hand(
    start: torch.Tensor, end: torch.Tensor, targets: list[list[list[int]]], windows: list[int]
) -> float:
    """Return one question's loss by adding up every span of its windows."""
    total, right = 1.0, 0.0
    for window in windows:
        places = [i for i in range(1, 5) if ALLOWED[window, i]]
        for first in places:
            for last in places:
                odds = start[window, first] + end[window, last] - start[window, 0] - end[window, 0]
                total += math.exp(odds)
                right += math.exp(odds) * ([first, last] in targets[window])
    return -math.log((right or 1.0) / total)


def test_loss_is_the_probability_of_any_target() -> None:
    """The marginal loss equals a sum over the listed pairs, padding and question left out."""
    start, end = (logits[:1] for logits in _logits())
    allowed = ALLOWED[:1]
    targets = torch.tensor([[[2, 3], [4, 4], [-1, -1]]])
    p_start = torch.softmax(start[allowed], dim=0)
    p_end = torch.softmax(end[allowed], dim=0)
    expected = -torch.log(p_start[1] * p_end[2] + p_start[3] * p_end[3])
    actual = marginal_span_loss(start, end, allowed, targets)
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize(
    "targets",
    [
        [[[2, 3], [4, 4]], NONE, [[3, 4], [-1, -1]]],
        [[[2, 2], [-1, -1]], [[2, 3], [-1, -1]], NONE],
        [NONE, NONE, NONE],
    ],
)
def test_shared_loss_is_one_softmax_over_all_windows(targets: list[list[list[int]]]) -> None:
    """It equals the sum over every span, with answers in one window, in two, or in none."""
    start, end = _logits()
    actual = shared_span_loss(start, end, ALLOWED, torch.tensor(targets), GROUP)
    by_hand = [_shared_by_hand(start, end, targets, windows) for windows in ([0, 1], [2])]
    assert float(actual) == pytest.approx(sum(by_hand) / 2, rel=1e-5)


def test_shared_loss_of_one_window_ranks_as_the_runtime_does() -> None:
    """Raising all logits of one window alike changes nothing: only odds against its null count."""
    start, end = _logits()
    targets = torch.tensor([[[2, 3]], [[0, 0]], [[4, 4]]])
    lift = torch.tensor([[5.0], [-3.0], [0.0]])
    loss = shared_span_loss(start, end, ALLOWED, targets, GROUP)
    torch.testing.assert_close(
        loss, shared_span_loss(start + lift, end + lift, ALLOWED, targets, GROUP)
    )


@pytest.mark.parametrize("scale", [1e-3, 1.0, 60.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_losses_stay_finite(scale: float, dtype: torch.dtype) -> None:
    """Confident logits, with and without answers, give finite losses and gradients."""
    for seed in range(5):
        start, end = (logits.to(dtype).requires_grad_() for logits in _logits(seed, scale))
        targets = torch.tensor([[[2, 3]], [[0, 0]], [[0, 0]]])
        loss = shared_span_loss(start, end, ALLOWED, targets, GROUP)
        loss = loss + marginal_span_loss(start, end, ALLOWED, targets)
        loss.backward()
        assert torch.isfinite(loss)
        for logits in (start, end):
            assert logits.grad is not None and bool(torch.isfinite(logits.grad).all())


def test_divergence_is_that_of_both_directions() -> None:
    """It equals PyTorch's own KL both ways, and is 0 between equals."""
    first, second = (
        tuple(log_probabilities(logits, ALLOWED) for logits in _logits(seed)) for seed in (1, 2)
    )
    expected = sum(
        torch.nn.functional.kl_div(b, a, reduction="batchmean", log_target=True)
        + torch.nn.functional.kl_div(a, b, reduction="batchmean", log_target=True)
        for a, b in zip(first, second, strict=True)
    )
    actual = symmetric_divergence((first[0], first[1]), (second[0], second[1]))
    torch.testing.assert_close(actual, torch.as_tensor(expected) / 4)
    assert symmetric_divergence((first[0], first[1]), (first[0], first[1])) == 0
