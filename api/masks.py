"""Masked words guessed: behind ``answerable fill-mask`` and ``POST /v1/score``.

The model is a folder that ``answerable import-model`` made of a masked-language model; it has
nothing to do with the index.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from answerable.index import stop_signal
from answerable.reader import MaskedTextInvalid
from answerable.reader.masked import FilledText, MaskedModel, MaskPrediction, load_masked_model

from .errors import MaskedModelMissing
from .settings import Settings


@dataclass(frozen=True, slots=True)
class FillOptions:
    """Which words of a mask are wanted.

    Attributes:
        top_k: how many, best first.
        targets: only these; None for the whole vocabulary.
    """

    top_k: int = 5
    targets: tuple[str, ...] | None = None


def open_masked_model(settings: Settings) -> MaskedModel:
    """Load the masked-language model that the settings name.

    Raises:
        MaskedModelMissing: they name none.
        ModelFolderInvalid: its folder cannot be used.
    """
    if settings.masked_model is None:
        raise MaskedModelMissing(
            "there is no masked-language model: name its folder with --model (for `serve`, "
            "--masked-model) or ANSWERABLE_MASKED_MODEL; `answerable import-model` makes one"
        )
    return load_masked_model(settings.masked_model, threads=settings.threads)


def fill_masks(
    model: MaskedModel,
    texts: Iterable[str],
    options: FillOptions = FillOptions(),
    *,
    max_chars: int,
) -> list[FilledText]:
    """Fill the masks of texts, one after another.

    Raises:
        MaskedTextInvalid: a text has no mask, or is too long; says which.
        TargetInvalid: targets are given, and none of them is a word.
        ModelFolderInvalid: the model fails on a text.
        WorkStopped: the caller gave up meanwhile.
    """
    filled = []
    for number, text in enumerate(texts, start=1):
        stop_signal().check()
        if len(text) > max_chars:
            raise MaskedTextInvalid(
                f"text {number} has {len(text):,} characters; at most {max_chars:,} are read: "
                "make it shorter"
            )
        try:
            filled.append(model.fill(text, top_k=options.top_k, targets=options.targets))
        except MaskedTextInvalid as exc:
            raise MaskedTextInvalid(f"text {number}: {exc}") from exc
    return filled


def filled_record(filled: FilledText) -> dict[str, Any]:
    """Return a text's predictions as JSON, a list for each mask."""
    return {
        "text": filled.text,
        "words": list(filled.words),
        "masks": [predictions_record(each) for each in filled.masks],
    }


def predictions_record(predictions: Sequence[MaskPrediction]) -> list[dict[str, Any]]:
    """Return one mask's predictions as Transformers' pipeline does."""
    return [
        {
            "score": each.score,
            "token": each.token,
            "token_str": each.token_str,
            "sequence": each.sequence,
        }
        for each in predictions
    ]
