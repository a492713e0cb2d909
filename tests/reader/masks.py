"""A masked-language model whose words are written by the test: a real cased vocabulary, no net."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from answerable.reader.masked import MaskedModel, MaskTokens

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (
    "Paris is the capital of France . Today a beautiful day ! city Berlin paris café cafe , "
    "##s ##ly"
).split()


def cased_tokenizer(*words: str) -> Tokenizer:
    """Return a WordPiece tokenizer that keeps casing and accents, as bert-base-cased's does."""
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys((*SPECIAL, *WORDS, *words)))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=None)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL])
    return tokenizer


class ScriptedMasks:
    """Gives each word the logit that the test wrote down, at every mask; others get 0."""

    def __init__(self, tokenizer: Tokenizer, logits: Mapping[str, float]) -> None:
        self._row = np.zeros(tokenizer.get_vocab_size(), np.float32)
        for word, logit in logits.items():
            self._row[tokenizer.token_to_id(word)] = logit
        self.asked: list[list[int]] = []

    def logits(self, token_ids: Sequence[int], positions: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the script for every mask, the later ones with less of it."""
        self.asked.append(list(token_ids))
        return np.stack([self._row / (1 + place) for place in range(len(positions))])


def scripted_masks(
    logits: Mapping[str, float] | None = None, *, max_tokens: int = 16
) -> MaskedModel:
    """Return a whole model around scripted logits."""
    tokenizer = cased_tokenizer()
    scorer = ScriptedMasks(tokenizer, logits or {"capital": 4.0, "city": 3.0, "café": 2.0})
    return MaskedModel(
        scorer, MaskTokens(tokenizer), name="scripted", sha256="5c" * 32, max_tokens=max_tokens
    )
