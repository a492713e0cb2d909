"""The sections of a training spec: data, windows, optimizer, and what a run may add."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_LEAST_CONTEXT = 16  # tokens; a window with less of a passage teaches nothing


class Section(BaseModel):
    """A part of a spec: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFile(Section):
    """One file to train on and how often an epoch repeats it."""

    path: Path
    weight: float = Field(default=1.0, gt=0, description="passes over the file per epoch")
    kind: Literal["squad", "qamr", "paragraphs"] = Field(
        default="squad",
        description="SQuAD 1.1 or 2.0 JSON, QAMR's table, or JSON lines of text; plain or gzip",
    )


class WindowSpec(Section):
    """How a question and its context become one training window."""

    max_question_tokens: int = Field(default=64, ge=8, le=256)
    max_seq_tokens: int = Field(default=256, ge=32, le=512)
    crop_share: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="share of examples cropped to crop_context_tokens",
    )
    crop_context_tokens: int = Field(default=96, ge=16, le=480)
    off_answer_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="share of crops that miss the answer on purpose and so teach 'not here'",
    )
    masked_share: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of tokens, not the answer's, replaced by [MASK] in every batch",
    )

    @model_validator(mode="after")
    def _leaves_room(self) -> "WindowSpec":
        if self.max_question_tokens + 3 + _LEAST_CONTEXT > self.max_seq_tokens:
            raise ValueError("max_seq_tokens leaves no room after max_question_tokens")
        return self


class NegativesSpec(Section):
    """Windows of other passages that stand beside a question's own.

    ``benchmarks/mine_negatives.py`` writes the file.
    """

    file: Path = Field(description="JSON lines: question id and keys of passages, best first")
    per_question: int = Field(default=3, ge=1, le=64, description="drawn anew every epoch")
    share: float = Field(default=1.0, gt=0, le=1, description="share of questions that get some")


class OptimizerSpec(Section):
    """AdamW with warm-up, a constant rate, and a linear decay to zero at the end."""

    learning_rate: float = Field(default=1e-4, gt=0)
    layer_decay: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="factor on the learning rate for each layer further from the head",
    )
    weight_decay: float = Field(default=0.01, ge=0)
    batch_size: int = Field(default=32, ge=1, description="questions, with all their windows")
    max_steps: int = Field(
        ge=0, description="optimizer steps of the whole run; 0 writes the base model out"
    )
    warmup_steps: int = Field(default=100, ge=0)
    decay_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="last share of max_steps, decaying linearly to zero",
    )
    max_gradient_norm: float = Field(default=1.0, gt=0)


class DistillationSpec(Section):
    """Readers whose averaged probabilities are learnt beside the gold answers."""

    teachers: list[Path] = Field(min_length=1, description="folders as in base_model")
    weight: float = Field(default=0.5, gt=0, le=1, description="the gold loss gets the rest")
    temperature: float = Field(default=1.0, gt=0)


class QuantizationAwareSpec(Section):
    """The layers' products and the tables are rounded as ``answerable quantize`` rounds them.

    What quantization does to make rounding cost less, such as keeping the largest neurons
    apart, is not done in training: the model learns to need less of it.
    """

    weight_bits: Literal[7, 8] = Field(
        default=8, description="weights of -64 to 64 or of -127 to 127, as in quantization"
    )
    embeddings: bool = Field(default=True, description="also the embedding tables, row by row")


class ValidationSpec(Section):
    """Questions that the finished model answers; their F1 and EM stand in metrics.json."""

    path: Path = Field(description="a SQuAD-format file")
    max_questions: int = Field(default=1000, ge=1, description="the first of the file")
