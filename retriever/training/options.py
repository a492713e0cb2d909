"""The sections of a training spec: data, passages, negatives, optimizer."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A part of a spec: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFile(Section):
    """One file to train on."""

    path: Path = Field(description="SQuAD 1.1 or 2.0 JSON, plain or gzip")


class PassageSpec(Section):
    """How much of a question and of a passage is shown."""

    max_question_tokens: int = Field(default=48, ge=8, le=512)
    max_passage_tokens: int = Field(default=128, ge=8, le=512, description="the rest is cut off")
    crop_share: float = Field(
        default=0.7, ge=0, le=1, description="share of passages cropped to crop_words"
    )
    crop_words: int = Field(default=72, ge=8, le=400, description="a crop keeps the answer")


class NegativesSpec(Section):
    """Passages that the retriever finds for a question though they do not answer it."""

    encoder: Path | None = Field(
        default=None, description="folder of the encoder that searches; the shipped one if unset"
    )
    depth: int = Field(default=20, ge=1, le=200, description="passages looked at in each channel")
    keep: int = Field(default=8, ge=1, le=100, description="kept for a question, channels in turn")
    per_question: int = Field(default=1, ge=1, le=16, description="drawn anew at every step")


class OptimizerSpec(Section):
    """AdamW with warm-up and a linear decay to zero."""

    learning_rate: float = Field(default=2e-5, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    batch_size: int = Field(default=64, ge=2, description="questions")
    max_steps: int = Field(ge=0, description="of the whole run; 0 writes the base model out")
    warmup_steps: int = Field(default=30, ge=0)
    max_gradient_norm: float = Field(default=1.0, gt=0)


class ValidationSpec(Section):
    """Questions of left-out articles, searched for among the paragraphs of these articles."""

    max_questions: int = Field(default=500, ge=1)
