"""The loss of a step, and the vectors it is made of."""

from collections.abc import Sequence

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor

from .batches import Batch
from .spec import RetrieverTrainSpec

_CHUNK = 32  # texts of similar length that go through the model together


def batch_loss(
    model: SentenceTransformer, batch: Batch, spec: RetrieverTrainSpec
) -> tuple[Tensor, int]:
    """Return a batch's mean loss and the number of its tokens, padding not counted."""
    device = model.device.type
    # Only the model's products are rounded: a cosine needs more than the three digits of bf16.
    with torch.autocast(device, torch.bfloat16, enabled=spec.precision == "bf16"):
        questions, n_question_tokens = vectors_of(
            model, batch.questions, prompt_of(model, "query"), spec.passages.max_question_tokens
        )
        passages, n_passage_tokens = vectors_of(
            model, batch.passages, prompt_of(model, "document"), spec.passages.max_passage_tokens
        )
    dropped = batch.dropped.to(questions.device)
    loss = ranking_loss(questions, passages, dropped, spec.scale)
    return loss, n_question_tokens + n_passage_tokens


def ranking_loss(questions: Tensor, passages: Tensor, dropped: Tensor, scale: float) -> Tensor:
    """Return how surprising the right passages are in a softmax over all of the batch.

    Args:
        questions: (n, dimension) unit vectors.
        passages: (m, dimension) unit vectors, m >= n; the right one of question i is passage i.
        dropped: (n, m) bool, True for passages that are left out of a question's softmax.
        scale: inverse temperature.

    Source: Henderson and others 2017, "Efficient natural language response suggestion for smart
        reply", section 4.4 (multiple negatives ranking).
    """
    scores = (questions @ passages.T) * scale
    scores = scores.masked_fill(dropped, -torch.inf)
    return torch.nn.functional.cross_entropy(
        scores, torch.arange(len(scores), device=scores.device)
    )


def vectors_of(
    model: SentenceTransformer, texts: Sequence[str], prompt: str, max_tokens: int
) -> tuple[Tensor, int]:
    """Encode texts with gradients; return unit vectors (n, dimension) in order, and the tokens.

    Texts of similar length go together, so that little is padded.
    """
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    chunks = [order[first : first + _CHUNK] for first in range(0, len(order), _CHUNK)]
    vectors, n_tokens = [], 0
    model.max_seq_length = max_tokens
    for chunk in chunks:
        features = model.preprocess([texts[i] for i in chunk], prompt=prompt or None)
        n_tokens += int(features["attention_mask"].sum())
        features = {
            name: value.to(model.device) if isinstance(value, Tensor) else value
            for name, value in features.items()
        }
        vectors.append(model(features)["sentence_embedding"].float())
    unit = torch.nn.functional.normalize(torch.cat(vectors), dim=1)
    places = torch.empty(len(order), dtype=torch.long)
    places[torch.tensor(order)] = torch.arange(len(order))
    return unit[places.to(unit.device)], n_tokens


def prompt_of(model: SentenceTransformer, role: str) -> str:
    """Return what the model's own configuration puts before a ``query`` or a ``document``."""
    return str(model.prompts.get(role) or "")
