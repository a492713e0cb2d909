"""The architectures that can be imported: data, one row for each."""

from dataclasses import dataclass
from typing import Literal

Task = Literal["reader", "masked-lm", "encoder"]
Vocabulary = Literal["wordpiece", "byte-bpe", "sentencepiece"]

TASK_SUFFIXES: dict[str, Task] = {
    "ForQuestionAnswering": "reader",
    "ForMaskedLM": "masked-lm",
    "ForPreTraining": "masked-lm",  # BERT's, with a head for the next sentence, which is left out
    "Model": "encoder",
}
CLASS_SUFFIX: dict[Task, str] = {
    "reader": "ForQuestionAnswering",
    "masked-lm": "ForMaskedLM",
    "encoder": "Model",
}


@dataclass(frozen=True, slots=True)
class Architecture:
    """How transformers names a kind of model, and what its numbers are called.

    Attributes:
        model_type: as ``config.json`` has it.
        stem: of its classes, as ``Bert`` in ``BertForQuestionAnswering``.
        prefix: of its tensors below a head, as ``bert.`` in ``bert.embeddings…``.
        vocabulary: what its tokenizer is made of.
        head: tensors that only a masked-language model has begin with one of these.
        reserved_positions: rows of the position table that no token takes.
        layers: the configuration's name for the number of layers.
        width: for the width of a hidden state.
        heads: for the number of attention heads.
        has_token_types: whether it may tell question and passage apart by segments.
    """

    model_type: str
    stem: str
    prefix: str
    vocabulary: Vocabulary
    head: tuple[str, ...]
    reserved_positions: int = 0
    layers: str = "num_hidden_layers"
    width: str = "hidden_size"
    heads: str = "num_attention_heads"
    has_token_types: bool = True

    def class_name(self, task: Task) -> str:
        """Return the class in transformers that does a task."""
        return f"{self.stem}{CLASS_SUFFIX[task]}"


ARCHITECTURES = (
    Architecture("bert", "Bert", "bert.", "wordpiece", ("cls.predictions.",)),
    Architecture("albert", "Albert", "albert.", "sentencepiece", ("predictions.",)),
    Architecture(
        "electra",
        "Electra",
        "electra.",
        "wordpiece",
        ("generator_predictions.", "generator_lm_head."),
    ),
    Architecture("roberta", "Roberta", "roberta.", "byte-bpe", ("lm_head.",), reserved_positions=2),
    Architecture(
        "distilbert",
        "DistilBert",
        "distilbert.",
        "wordpiece",
        ("vocab_transform.", "vocab_layer_norm.", "vocab_projector."),
        layers="n_layers",
        width="dim",
        heads="n_heads",
        has_token_types=False,
    ),
    Architecture("megatron-bert", "MegatronBert", "bert.", "wordpiece", ("cls.predictions.",)),
    Architecture(
        "deberta-v2",
        "DebertaV2",
        "deberta.",
        "sentencepiece",
        ("cls.predictions.", "lm_predictions."),
    ),
)
"""Every architecture whose Hugging Face folders are taken."""


def architecture_of(model_type: object) -> Architecture | None:
    """Return the architecture that ``config.json`` names by ``model_type``; None if unknown."""
    return next((each for each in ARCHITECTURES if each.model_type == model_type), None)
