"""Linear layers that compute as the INT8 reader's, so that training makes up for what they lose.

The forward pass multiplies the integers that the runtime would: weights as ``weight_codes.py``
rounds them to 7 bits (for 8 it also looks for each column's best scale), and inputs as the
runtime does, with one scale for each window. All are whole numbers up to 256, which bfloat16
holds exactly. The backward pass is that of the unrounded product (a straight-through estimator),
so it costs nothing more and keeps nothing more.

Source: Jacob and others 2018, "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference", section 3; ONNX's DynamicQuantizeLinear for the inputs.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertForQuestionAnswering

from .options import QuantizationAwareSpec

_LARGEST_WEIGHT = {7: 64, 8: 127}  # largest code by weight bits, as in ``weight_codes.py``
_INPUT_STEPS = 255
_TABLES = ("word_embeddings", "position_embeddings")  # those that ``bert_int8`` codes
_TINY = 1e-12  # of a row of zeros


def make_quantization_aware(model: BertForQuestionAnswering, spec: QuantizationAwareSpec) -> None:
    """Let a reader's layers and tables round as its INT8 form does, in place; not its head.

    Names and weights stay as they are, so the model is saved and loaded as before.
    """
    inputs = _Inputs()
    model.register_forward_pre_hook(inputs.begin, with_kwargs=True)
    for module in list(model.bert.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, _linear(child, _LARGEST_WEIGHT[spec.weight_bits], inputs))
            elif name in _TABLES and spec.embeddings:
                setattr(module, name, _embedding(child))


def quantize_inputs(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Round inputs to 8 bits, one scale and zero point for each window.

    Args:
        inputs: (n_windows, n_tokens, width), any float type.

    Returns:
        codes less their zero point, -255 to 255, in the type of the inputs; and the scale of
        each window, (n_windows, 1, 1) float32. Their product is near the inputs.
    """
    lowest, highest = _window_ranges(inputs)
    width = highest.float().clamp(min=0) - lowest.float().clamp(max=0)
    rate = (_INPUT_STEPS / width.clamp(min=_TINY)).to(inputs.dtype)[:, None, None]
    return (inputs * rate).round_(), 1 / rate.float()


def _window_ranges(inputs: Tensor) -> tuple[Tensor, Tensor]:
    if inputs.is_cuda:
        lowest, highest = torch.aminmax(inputs.flatten(1), dim=1)
        return lowest, highest
    # On a CPU, PyTorch's reduction along a dimension is eight times slower than one of a whole.
    ranges = torch.stack([torch.stack(torch.aminmax(window)) for window in inputs])
    return ranges[:, 0], ranges[:, 1]


def quantize_rows(weight: Tensor, largest: int) -> tuple[Tensor, Tensor]:
    """Round a weight matrix to whole numbers up to ``largest``, one scale for each row.

    Args:
        weight: (n_outputs, n_inputs), any float type.
        largest: code of a row's largest weight.

    Returns:
        codes in the type of the weights, and the scale of each row, (n_outputs,) float32.
    """
    rate = (largest / weight.abs().amax(dim=1).float().clamp(min=_TINY)).to(weight.dtype)
    return (weight * rate[:, None]).round_(), 1 / rate.float()


class _Inputs:
    """Rounds what goes into linear layers; query, key and value are made from the same."""

    def __init__(self) -> None:
        self._seen: Tensor | None = None
        self._last: Tensor | None = None
        self._codes: tuple[Tensor, Tensor] | None = None

    def begin(self, model: nn.Module, args: Any, options: dict[str, Any]) -> None:
        """Before a pass: note which tokens are padding, which the runtime never sees."""
        mask = options.get("attention_mask")
        self._seen = None if mask is None or bool(mask.all()) else mask[:, :, None]
        self._last = self._codes = None

    def codes(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``quantize_inputs`` of a tensor, padding as zeros."""
        if self._codes is None or inputs is not self._last:
            known = inputs.detach()
            if self._seen is not None:
                known = known * self._seen.to(inputs.dtype)
            self._last, self._codes = inputs, quantize_inputs(known)
        return self._codes


class _RoundedProduct(torch.autograd.Function):
    """A linear layer with rounded inputs and weights; its gradients are the unrounded one's."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        weight: Tensor,
        bias: Tensor,
        codes: tuple[Tensor, Tensor],
        largest: int,
    ) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        weight_codes, weight_scale = quantize_rows(weight, largest)
        input_codes, input_scale = codes
        product = nn.functional.linear(input_codes, weight_codes)
        scale = (input_scale * weight_scale).to(inputs.dtype)
        return torch.addcmul(bias, product, scale)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight = ctx.saved_tensors
        flat = grad.flatten(0, -2)
        return grad @ weight, flat.T @ inputs.flatten(0, -2), flat.sum(dim=0), None, None


class _Linear(nn.Linear):
    """Rounds its inputs for each window and its weights for each output."""

    largest: int
    rounded: _Inputs

    def forward(self, inputs: Tensor) -> Tensor:
        codes = self.rounded.codes(inputs)
        return _RoundedProduct.apply(inputs, self.weight, self.bias, codes, self.largest)


class _Embedding(nn.Embedding):
    """Rounds every row that it looks up."""

    def forward(self, ids: Tensor) -> Tensor:
        rows = super().forward(ids)
        return rows + (_rounded_rows(rows.detach()) - rows.detach())  # straight through


def _rounded_rows(rows: Tensor) -> Tensor:
    codes, scale = quantize_rows(rows.flatten(0, -2), _LARGEST_WEIGHT[8])
    return (codes * scale[:, None]).to(rows.dtype).view_as(rows)


def _linear(plain: nn.Linear, largest: int, inputs: _Inputs) -> nn.Linear:
    """Return a layer with the same parameters that rounds."""
    layer = _Linear(1, 1)
    layer.in_features, layer.out_features = plain.in_features, plain.out_features
    layer.weight, layer.bias = plain.weight, plain.bias
    layer.largest, layer.rounded = largest, inputs
    return layer


def _embedding(plain: nn.Embedding) -> nn.Embedding:
    layer = _Embedding(1, 1)
    layer.num_embeddings, layer.embedding_dim = plain.num_embeddings, plain.embedding_dim
    layer.padding_idx, layer.weight = plain.padding_idx, plain.weight
    return layer
