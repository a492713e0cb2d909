"""A batch through a model."""

from torch import Tensor
from transformers import BertForQuestionAnswering

from .batches import Batch

Logits = tuple[Tensor, Tensor]


def span_logits(model: BertForQuestionAnswering, batch: Batch) -> Logits:
    """Run the model; start and end logits, (n_windows, n_tokens) each."""
    output = model(
        input_ids=batch.token_ids,
        attention_mask=batch.attention_mask,
        token_type_ids=batch.type_ids,
    )
    return output.start_logits, output.end_logits
