"""A masked-language model's tokenizer: a text as its token ids, and ids as text.

Casing and accents are the tokenizer's own affair: a cased vocabulary keeps both.
"""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import AddedToken, Tokenizer

from answerable.index import ModelFolderInvalid, read_tokenizer

_MASKS = ("[MASK]", "<mask>")
_FIRSTS = ("[CLS]", "<s>")
_LASTS = ("[SEP]", "</s>")
_PADS = ("[PAD]", "<pad>")


class MaskTokens:
    """Turns texts with masks into token ids; safe to share between threads."""

    def __init__(self, tokenizer: Tokenizer, mask: str | None = None) -> None:
        """Use a tokenizer; its special tokens are found by the names that BERT and RoBERTa have.

        Args:
            tokenizer: of the model.
            mask: how it spells a mask; None for whichever of both names it has.

        Raises:
            ModelFolderInvalid: it has no mask, or no tokens to put around a text.
        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.mask = _special(tokenizer, (mask,) if mask else _MASKS)
        self._first = _id(tokenizer, _special(tokenizer, _FIRSTS))
        self._last = _id(tokenizer, _special(tokenizer, _LASTS))
        self._pads = {tokenizer.token_to_id(name) for name in _PADS}
        self.mask_id = _id(tokenizer, self.mask)
        self._tokenizer = tokenizer

    def ids(self, text: str) -> list[int]:
        """Return a text's token ids with the tokens around it."""
        inner = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [self._first, *inner, self._last]

    def target_id(self, target: str) -> int | None:
        """Return the id of a word, or of its first piece where the vocabulary lacks it whole.

        None for a text without any token. Source: Transformers' fill-mask pipeline.
        """
        known: int | None = self._tokenizer.token_to_id(target)
        if known is not None:
            return known
        pieces = self._tokenizer.encode(target, add_special_tokens=False).ids
        return int(pieces[0]) if pieces else None

    def text(self, ids: Sequence[int], *, skip_special: bool) -> str:
        """Return token ids as text, padding left out."""
        shown = [id_ for id_ in ids if id_ not in self._pads]
        decoded: str = self._tokenizer.decode(shown, skip_special_tokens=skip_special)
        return decoded

    @property
    def other_mask(self) -> str:
        """How models of the other family spell a mask."""
        return next(name for name in _MASKS if name != self.mask)


def load_mask_tokens(path: Path, mask: str | None = None) -> MaskTokens:
    """Read a ``tokenizer.json``; ``mask`` as in ``MaskTokens``.

    Raises:
        ModelFolderInvalid: it cannot be read, or is not that of a masked-language model.
    """
    return MaskTokens(read_tokenizer(path), mask)


def _special(tokenizer: Tokenizer, names: Sequence[str]) -> str:
    """Return the first name that the vocabulary has, made a token that is never cut."""
    for name in names:
        id_ = tokenizer.token_to_id(name)
        if id_ is None:
            continue
        if id_ not in tokenizer.get_added_tokens_decoder():
            tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False)])
        return name
    raise ModelFolderInvalid(
        f"the tokenizer has no {' or '.join(names)}: it is not that of a masked-language model"
    )


def _id(tokenizer: Tokenizer, name: str) -> int:
    id_ = tokenizer.token_to_id(name)
    assert id_ is not None  # ``_special`` found it there
    return id_
