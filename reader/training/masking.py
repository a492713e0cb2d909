"""Some words hidden from the model, so that it does not lean on any one of them."""

from dataclasses import replace

import torch

from .batches import Batch


def mask_tokens(
    batch: Batch, share: float, mask_id: int, generator: torch.Generator, n_between: int = 1
) -> Batch:
    """Replace a share of a batch's tokens by ``[MASK]``.

    Never ``[CLS]``, ``[SEP]`` or padding, and no token of a target span: the answer can
    still be read, only its surroundings have holes.

    Args:
        batch: on the CPU.
        share: of the tokens that may be hidden, 0 to 1.
        mask_id: id of ``[MASK]``.
        generator: decides which.
        n_between: special tokens between question and context.
    """
    rows, length = batch.token_ids.shape
    position = torch.arange(length)
    in_question = (batch.type_ids == 0) & batch.attention_mask.bool()
    is_word = position < in_question.sum(dim=1, keepdim=True) - n_between
    may_hide = (batch.allowed | (in_question & is_word)) & (position > 0)
    inside = (position >= batch.targets[..., :1]) & (position <= batch.targets[..., 1:])
    may_hide &= ~inside.any(dim=1)
    drawn = torch.rand((rows, length), generator=generator) < share
    return replace(batch, token_ids=batch.token_ids.masked_fill(drawn & may_hide, mask_id))
