"""What a masked-language model says of a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MaskPrediction:
    """A token for one mask; the names are those of Transformers' fill-mask pipeline.

    Attributes:
        score: its probability among the whole vocabulary, also where only targets were asked for.
        token: its id.
        token_str: its text.
        sequence: the text with the mask replaced, as the tokenizer spells it.
    """

    score: float
    token: int
    token_str: str
    sequence: str


@dataclass(frozen=True, slots=True)
class FilledText:
    """A text and what stands best for each of its masks.

    Attributes:
        masks: for each mask, in the text's order, its predictions, best first.
    """

    text: str
    masks: tuple[tuple[MaskPrediction, ...], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The best word for each mask, without the space that byte-level tokenizers keep."""
        return tuple(predictions[0].token_str.strip() for predictions in self.masks)
