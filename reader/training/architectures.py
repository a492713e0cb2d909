"""The model families that a reader is trained from: what training needs to know, as data.

Their names and tensors are in ``importing/architectures.py``.
"""

from dataclasses import dataclass
from typing import Any

from answerable.index import ModelFolderInvalid

from ..errors import TrainSpecInvalid
from ..importing import architecture_of
from .spec import ReaderTrainSpec


@dataclass(frozen=True, slots=True)
class Architecture:
    """One family.

    Attributes:
        name: ``model_type`` in ``config.json``.
        dropouts: settings of the dropout of hidden states.
        attention_dropout: setting of the dropout of attention, which is always 0.
        layers: path of the list of layers; None where all layers share their weights.
        has_fast_attention: whether it computes its attention with ``attention.py``.
    """

    name: str
    layers: str | None
    dropouts: tuple[str, ...] = ("hidden_dropout_prob",)
    attention_dropout: str = "attention_probs_dropout_prob"
    has_fast_attention: bool = True

    @property
    def reader(self) -> str:
        """Its class in transformers."""
        known = architecture_of(self.name)
        assert known is not None  # a test compares both tables
        return known.class_name("reader")


ARCHITECTURES = (
    Architecture("bert", "bert.encoder.layer"),
    Architecture("albert", None),
    Architecture("electra", "electra.encoder.layer"),
    Architecture("roberta", "roberta.encoder.layer"),
    Architecture(
        "distilbert",
        "distilbert.transformer.layer",
        dropouts=("dropout", "qa_dropout"),
        attention_dropout="attention_dropout",
    ),
    Architecture("megatron-bert", "bert.encoder.layer", has_fast_attention=False),
    Architecture("deberta-v2", "deberta.encoder.layer", has_fast_attention=False),
)


def architecture(model_type: object) -> Architecture:
    """Return what is known of a ``model_type``.

    Raises:
        ModelFolderInvalid: nothing is.
    """
    for known in ARCHITECTURES:
        if known.name == model_type:
            return known
    names = ", ".join(known.name for known in ARCHITECTURES)
    raise ModelFolderInvalid(f"no reader is trained from a model of type {model_type!r}: {names}")


def check_options(spec: ReaderTrainSpec, config: Any) -> None:
    """Refuse what a spec asks and its base model cannot do.

    Args:
        spec: the run.
        config: of the base model.

    Raises:
        TrainSpecInvalid: an option is for other models, or windows are longer than it reads.
    """
    family = architecture(config.model_type)
    only_bert = {
        "quantization_aware": spec.quantization_aware is not None,
        "objective masked_words": spec.objective == "masked_words",
    }
    for option, is_asked in only_bert.items():
        if is_asked and family.name != "bert":
            raise TrainSpecInvalid(f"{option} is for BERT, and the base model is {family.name}")
    by_layer = {
        "optimizer.layer_decay": spec.optimizer.layer_decay < 1,
        "reinitialized_layers": spec.reinitialized_layers > 0,
    }
    for option, is_asked in by_layer.items():
        if is_asked and family.layers is None:
            raise TrainSpecInvalid(f"{option}: the layers of {family.name} share their weights")
    longest = max_tokens(config)
    if spec.windows.max_seq_tokens > longest:
        raise TrainSpecInvalid(
            f"windows.max_seq_tokens is {spec.windows.max_seq_tokens}; the base model reads at "
            f"most {longest}"
        )


def max_tokens(config: Any) -> int:
    """Return the longest window that a model reads; RoBERTa counts positions from its padding."""
    known = architecture_of(config.model_type)
    reserved = known.reserved_positions if known else 0
    return int(config.max_position_embeddings) - reserved


def segments_of(config: Any) -> bool:
    """Tell whether a model is told where the passage begins; some have no such table."""
    return int(getattr(config, "type_vocab_size", 0) or 0) > 1
