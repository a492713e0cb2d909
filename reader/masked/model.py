"""A masked-language model: texts with masks in, words with their probabilities out.

Each mask is guessed for itself, from one pass over the text in which all of them are hidden:
scores of several masks are marginal, not joint. Source: Transformers' fill-mask pipeline.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from answerable.index import ModelFolderInvalid, available_cores, load_manifest

from ..errors import MaskedTextInvalid, TargetInvalid
from .session import MaskSession
from .tokens import MaskTokens, load_mask_tokens
from .types import FilledText, MaskPrediction

KIND = "masked-lm"
MAX_MASKS = 32  # of one text: each is a row of the whole vocabulary
_MAX_TOKENS = 512
_FILES = ("model.onnx", "tokenizer.json")


class MaskScorer(Protocol):
    """Scores words at masks: the ONNX session, or a script in tests."""

    def logits(self, token_ids: Sequence[int], positions: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the logits of the whole vocabulary at some positions: (n_positions, n_words)."""
        ...


class MaskedModel:
    """Fills masks; safe to share between threads."""

    def __init__(
        self, scorer: MaskScorer, tokens: MaskTokens, *, name: str, sha256: str, max_tokens: int
    ) -> None:
        self.name = name
        self.sha256 = sha256
        self._scorer = scorer
        self._tokens = tokens
        self._max_tokens = max_tokens

    @property
    def mask(self) -> str:
        """How the model spells a mask."""
        return self._tokens.mask

    def fill(
        self, text: str, *, top_k: int = 5, targets: Sequence[str] | None = None
    ) -> FilledText:
        """Return the best words for each mask of a text.

        Args:
            text: with at least one mask, spelt as ``mask`` says.
            top_k: predictions of each mask; fewer where there are fewer targets.
            targets: only these words; one that the vocabulary lacks stands for its first piece.

        Raises:
            MaskedTextInvalid: it has no mask or too many, or is longer than the model reads.
            TargetInvalid: targets are given, and none of them is a word.
            ModelFolderInvalid: the model fails on the text.
        """
        # 1. Text to tokens.
        ids = self._checked_ids(text)
        masks = [at for at, id_ in enumerate(ids) if id_ == self._tokens.mask_id]
        # 2. One pass of the model; a probability for every word.
        scores = _softmax(self._scorer.logits(ids, masks))
        # 3. The best of all words, or of the targets.
        chosen = self._target_ids(targets, scores.shape[1])
        return FilledText(
            text,
            tuple(
                self._predictions(ids, at, row, chosen, top_k, is_single=len(masks) == 1)
                for at, row in zip(masks, scores, strict=True)
            ),
        )

    def _checked_ids(self, text: str) -> list[int]:
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise MaskedTextInvalid("the text is not valid, it holds bytes outside UTF-8")
        ids = self._tokens.ids(text)
        n_masks = ids.count(self._tokens.mask_id)
        if not n_masks:
            other = self._tokens.other_mask
            instead = f", not {other}" if other in text else ""
            raise MaskedTextInvalid(
                f"the text has no mask: write {self.mask}{instead} where a word is to be guessed"
            )
        if n_masks > MAX_MASKS:
            raise MaskedTextInvalid(f"the text has {n_masks} masks; at most {MAX_MASKS} are filled")
        if len(ids) > self._max_tokens:
            raise MaskedTextInvalid(
                f"the text has {len(ids)} tokens; the model reads at most {self._max_tokens}: "
                "make it shorter"
            )
        return ids

    def _target_ids(self, targets: Sequence[str] | None, n_words: int) -> npt.NDArray[np.int64]:
        if targets is None:
            return np.arange(n_words)
        found = {self._tokens.target_id(target) for target in targets}
        known = sorted(id_ for id_ in found if id_ is not None and id_ < n_words)
        if not known:
            raise TargetInvalid("none of the targets is a word that the model knows")
        return np.array(known, dtype=np.int64)

    def _predictions(
        self,
        ids: Sequence[int],
        at: int,
        scores: npt.NDArray[np.float64],
        chosen: npt.NDArray[np.int64],
        top_k: int,
        *,
        is_single: bool,
    ) -> tuple[MaskPrediction, ...]:
        best = chosen[np.argsort(-scores[chosen], kind="stable")[:top_k]]
        return tuple(
            MaskPrediction(
                score=float(scores[id_]),
                token=int(id_),
                token_str=self._tokens.text([int(id_)], skip_special=False),
                # With several masks the others must stay to be seen, as in the original.
                sequence=self._tokens.text(
                    [*ids[:at], int(id_), *ids[at + 1 :]], skip_special=is_single
                ),
            )
            for id_ in best
        )


def load_masked_model(folder: Path, *, threads: int | None = None) -> MaskedModel:
    """Load the folder that ``answerable import-model`` makes of a masked-language model.

    Args:
        folder: with ``manifest.json``, ``model.onnx`` and ``tokenizer.json``.
        threads: of one text's computation; None for every core.

    Raises:
        ModelFolderInvalid: a file is missing, damaged, or does not fit the others.
    """
    manifest = load_manifest(folder, KIND)
    missing = sorted(set(_FILES) - manifest.files.keys())
    if missing:
        raise ModelFolderInvalid(f"{folder}: manifest lacks {', '.join(missing)}")
    settings = manifest.settings
    mask = settings.get("mask_token")
    if not isinstance(mask, str | None):
        raise ModelFolderInvalid(f"{folder}: mask_token is no text")
    session = MaskSession(folder / _FILES[0], threads or available_cores())
    longest = int(settings.get("max_seq_tokens", _MAX_TOKENS))
    return MaskedModel(
        session,
        load_mask_tokens(folder / _FILES[1], mask),
        name=manifest.name,
        sha256=manifest.sha256,
        max_tokens=min(longest, session.max_tokens or longest),
    )


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the probabilities of each row.

    Raises:
        ModelFolderInvalid: a logit is no number.
    """
    if not np.isfinite(logits).all():
        raise ModelFolderInvalid("the masked-language model gives logits that are no numbers")
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities
