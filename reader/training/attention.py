"""Attention as plain matrix products, which trains twice as fast as the fused kernel on a CPU.

The backward pass of PyTorch's fused attention for CPUs took half of a training step of
six layers of width 384; two batched products and a softmax use the processor's matrix
units (AMX, AVX512-BF16) and keep the probabilities instead of computing them again.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

NAME = "explicit"  # for from_pretrained(attn_implementation=...)
_MASKED = -1e4  # added to the scores of padding; finite in every precision


class _Attention(torch.autograd.Function):
    """softmax(q k^T * scale + bias) v over (n_heads_of_all_rows, n_tokens, width) tensors."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, scale: float
    ) -> Tensor:
        scores = torch.bmm(query, key.transpose(1, 2)).mul_(scale)
        if bias is not None:
            scores += bias
        weights = torch.softmax(scores, dim=-1)
        ctx.save_for_backward(query, key, value, weights)
        ctx.scale = scale
        return torch.bmm(weights, value)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, weights = ctx.saved_tensors
        grad_value = torch.bmm(weights.transpose(1, 2), grad)
        grad_weights = torch.bmm(grad, value.transpose(1, 2))
        # The softmax's own derivative, in one pass over the scores instead of four.
        scores = torch._softmax_backward_data(grad_weights, weights, -1, weights.dtype)
        scores.mul_(ctx.scale)
        return (
            torch.bmm(scores, key),
            torch.bmm(scores.transpose(1, 2), query),
            grad_value,
            None,
            None,
        )


def _attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attend as transformers asks for it: (rows, heads, tokens, width) in and, transposed, out.

    Attention's own dropout is not computed; ``base_model.py`` sets it to 0.
    """
    rows, heads, tokens, width = query.shape
    bias = None
    if attention_mask is not None:
        bias = (~attention_mask).to(query.dtype) * _MASKED
        bias = bias.expand(rows, heads, 1, tokens).reshape(rows * heads, 1, tokens)
    flat = (rows * heads, tokens, width)
    attended = _Attention.apply(
        query.reshape(flat), key.reshape(flat), value.reshape(flat), bias, scaling or width**-0.5
    )
    return attended.view(rows, heads, tokens, width).transpose(1, 2), None


def _mask(*_: Any, attention_mask: Tensor | None = None, **__: Any) -> Tensor | None:
    """Return (rows, 1, 1, tokens) bool, True where a token may be seen; None if all may."""
    if attention_mask is None or bool(attention_mask.all()):
        return None
    return attention_mask.bool()[:, None, None, :]


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, _mask)
