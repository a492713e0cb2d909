"""Continued pre-training: guess the words that were hidden from a text.

Source: Devlin and others 2019, "BERT", section 3.1.
"""

import torch
from torch import Tensor
from transformers import BertForMaskedLM, BertForQuestionAnswering

from .batches import Batch

HIDDEN_SHARE = 0.15
_MASKED, _RANDOM = 0.8, 0.1  # of the hidden; the rest stays as it is


def masked_word_model(reader: BertForQuestionAnswering) -> BertForMaskedLM:
    """Put a head that guesses words on a reader's layers, in place of its own."""
    model = BertForMaskedLM(reader.config)
    model.bert = reader.bert
    model.tie_weights()
    return model


class MaskedWords:
    """A batch to the loss of its hidden words."""

    def __init__(self, mask_id: int) -> None:
        self._mask_id = mask_id

    def __call__(self, model: BertForMaskedLM, batch: Batch) -> Tensor:
        """Return the mean negative log-likelihood of the hidden words.

        Which are hidden follows from PyTorch's random state, which each step seeds anew.
        """
        may_hide = batch.allowed.clone()
        may_hide[:, 0] = False
        drawn = torch.rand(may_hide.shape, device=may_hide.device)
        hidden = may_hide & (drawn < HIDDEN_SHARE)
        shown = batch.token_ids.masked_fill(
            hidden & (drawn < _MASKED * HIDDEN_SHARE), self._mask_id
        )
        is_random = hidden & (drawn >= (1 - _RANDOM) * HIDDEN_SHARE)
        random_ids = torch.randint_like(shown, model.config.vocab_size)
        output = model.bert(
            input_ids=torch.where(is_random, random_ids, shown),
            attention_mask=batch.attention_mask,
            token_type_ids=batch.type_ids,
        )
        # Only the hidden words' scores: those of all words would cost more than the layers.
        scores = model.cls(output.last_hidden_state[hidden]).float()
        loss = torch.nn.functional.cross_entropy(scores, batch.token_ids[hidden], reduction="sum")
        return loss / max(1, len(scores))
