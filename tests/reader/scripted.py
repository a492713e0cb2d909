"""A reader whose logits are written by the test: real windows and ranking, no model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from answerable.index import Passage
from answerable.reader.confidence import ConfidenceModel, Provenance, uncalibrated
from answerable.reader.onnx_reader import OnnxReader
from answerable.reader.spans import Logits
from answerable.reader.windows import Window, WindowConfig, WindowMaker

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def word_tokenizer(*texts: str) -> Tokenizer:
    """Return a lower-casing WordPiece tokenizer that knows every word of the texts."""
    splitter = pre_tokenizers.BertPreTokenizer()
    normalizer = normalizers.BertNormalizer(lowercase=True)
    words = [
        word
        for text in texts
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))
    ]
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys([*SPECIAL, *words, "##s"]))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    return tokenizer


class ScriptedScorer:
    """Gives each word the start and end logits that the test wrote down; others get -10."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        words: Mapping[str, tuple[float, float]],
        null: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self._by_id = {tokenizer.token_to_id(word): logits for word, logits in words.items()}
        self._null = null
        self.windows: list[Window] = []

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return the scripted logits, and remember the windows that were asked for."""
        self.windows += windows
        return [self._of(window) for window in windows]

    def _of(self, window: Window) -> tuple[Logits, Logits]:
        pairs = [self._by_id.get(int(token), (-10.0, -10.0)) for token in window.token_ids]
        pairs[0] = self._null
        start_logits, end_logits = np.array(pairs, dtype=np.float32).T
        return start_logits, end_logits


IDENTITY_CONFIDENCE = replace(
    uncalibrated("scripted"),
    provenance=Provenance("nothing: the sigmoid of the score", 0, "2026-01-01", "scripted"),
)


def scripted_reader(
    scorer: ScriptedScorer,
    tokenizer: Tokenizer,
    *,
    config: WindowConfig = WindowConfig(),
    confidence: ConfidenceModel = IDENTITY_CONFIDENCE,
    has_null_answer: bool = True,
) -> OnnxReader:
    """Return a whole reader around scripted logits."""
    return OnnxReader(
        scorer,
        WindowMaker(tokenizer, config),
        confidence,
        name="scripted",
        sha256="scripted",
        has_null_answer=has_null_answer,
    )


def passage(text: str, *, id: int = 1, document_id: int = 1, start: int = 0) -> Passage:
    """Return a passage that begins at ``start`` of its document."""
    return Passage(
        id=id,
        document_id=document_id,
        start=start,
        end=start + len(text),
        text=text,
        heading="",
        page=None,
    )
