"""Masked words guessed by a masked-language model; needs no torch."""

from .model import KIND, MaskedModel, MaskScorer, load_masked_model
from .session import MaskSession
from .tokens import MaskTokens
from .types import FilledText, MaskPrediction

__all__ = [
    "KIND",
    "FilledText",
    "MaskPrediction",
    "MaskScorer",
    "MaskSession",
    "MaskTokens",
    "MaskedModel",
    "load_masked_model",
]
