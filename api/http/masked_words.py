"""Masked words remembered: the same text, words and model always give the same."""

import time
from collections.abc import Sequence

from answerable.index import LimitedCache, cache_key
from answerable.reader.masked import FilledText, MaskedModel

from ..masks import FillOptions, fill_masks
from ..models import Lazy
from ..settings import Settings

_SHARE_OF_CACHE = 4  # of what answers may take; a text's words are a few hundred bytes
_BYTES_OF_WORD = 200  # beside its sequence, which is about as long as the text


class MaskedWords:
    """Fills masks with the service's model, and remembers how up to a number of bytes."""

    def __init__(self, model: Lazy[MaskedModel], settings: Settings) -> None:
        """Load nothing and remember nothing yet."""
        self._model = model
        self._settings = settings
        self._cache: LimitedCache[FilledText] = LimitedCache(
            settings.cache_bytes // _SHARE_OF_CACHE
        )

    def warm(self) -> None:
        """Load the model, if there is to be one.

        Raises:
            ModelFolderInvalid: its folder cannot be used.
        """
        if self._settings.masked_model is not None:
            self._model.get()

    def loaded(self) -> MaskedModel | None:
        """Return the model if it has been loaded."""
        return self._model.made()

    def remembered(self, texts: Sequence[str], options: FillOptions) -> list[FilledText] | None:
        """Return all texts filled if all are in memory; loads no model."""
        found = [self._cache.get(cache_key(text, options)) for text in texts]
        whole = [filled for filled in found if filled is not None]
        return whole if len(whole) == len(texts) else None

    def fill(self, texts: Sequence[str], options: FillOptions) -> tuple[list[FilledText], float]:
        """Return the texts filled, and the milliseconds that it took.

        Raises:
            MaskedModelMissing: the service has no such model.
            MaskedTextInvalid: a text has no mask, or is too long; says which.
            TargetInvalid: targets are given, and none of them is a word.
            ModelFolderInvalid: the model cannot be loaded or fails.
        """
        model = self._model.get()
        started = time.perf_counter()
        filled = fill_masks(model, texts, options, max_chars=self._settings.max_question_chars)
        for each in filled:
            self._cache.put(cache_key(each.text, options), each, _size(each))
        return filled, (time.perf_counter() - started) * 1000


def _size(filled: FilledText) -> int:
    words = [word for mask in filled.masks for word in mask]
    return 4 * len(filled.text) + sum(_BYTES_OF_WORD + 4 * len(word.sequence) for word in words)
