"""A batch through a model."""

from torch import Tensor
from transformers import PreTrainedModel

from .architectures import segments_of
from .batches import Batch

Logits = tuple[Tensor, Tensor]


def span_logits(model: PreTrainedModel, batch: Batch) -> Logits:
    """Run the model; start and end logits, (n_windows, n_tokens) each."""
    return logits_of(model, batch.token_ids, batch.attention_mask, batch.type_ids)


def logits_of(
    model: PreTrainedModel, token_ids: Tensor, attention_mask: Tensor | None, type_ids: Tensor
) -> Logits:
    """Run the model on (n_windows, n_tokens) each; segments only where it knows them."""
    inputs = {"input_ids": token_ids, "attention_mask": attention_mask}
    if segments_of(model.config):
        inputs["token_type_ids"] = type_ids
    output = model(**inputs)
    return output.start_logits, output.end_logits
