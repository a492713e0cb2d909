"""A model in training, searched with: questions of left-out articles over their paragraphs."""

import random
from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from .loss import prompt_of, vectors_of
from .options import ValidationSpec
from .pairs import LabelledQuestion, Passages

_BLOCK = 256


def validate(
    model: SentenceTransformer,
    left_out: Sequence[LabelledQuestion],
    spec: ValidationSpec,
    max_tokens: int,
) -> dict[str, float]:
    """Return recall at 1 and 10 and the mean reciprocal rank at 10, in percent.

    Args:
        model: encodes both sides.
        left_out: questions of articles that are not trained on.
        spec: how many of them are asked; the same ones each time.
        max_tokens: longest text.
    """
    passages = Passages(left_out)
    asked = random.Random(0).sample(list(left_out), min(spec.max_questions, len(left_out)))
    documents = _vectors(model, passages.texts, "document", max_tokens)
    questions = _vectors(model, [q.question for q in asked], "query", max_tokens)
    scores = questions @ documents.T
    right = np.array([passages.number[question.passage] for question in asked])
    own = scores[np.arange(len(asked)), right]
    ranks = 1 + (scores > own[:, None]).sum(axis=1)
    figures = {
        "recall_at_1": ranks <= 1,
        "recall_at_10": ranks <= 10,
        "mrr_at_10": np.where(ranks <= 10, 1 / ranks, 0.0),
    }
    return {name: round(100 * float(np.mean(value)), 2) for name, value in figures.items()}


def _vectors(
    model: SentenceTransformer, texts: Sequence[str], role: str, max_tokens: int
) -> np.typing.NDArray[np.float32]:
    blocks = []
    with torch.no_grad():
        for first in range(0, len(texts), _BLOCK):
            block = texts[first : first + _BLOCK]
            vectors, _ = vectors_of(model, block, prompt_of(model, role), max_tokens)
            blocks.append(vectors.cpu().numpy())
    return np.concatenate(blocks)
