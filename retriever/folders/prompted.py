"""An encoder whose model wants other words before a question than before a passage."""

from collections.abc import Sequence
from dataclasses import dataclass

from answerable.index import Encoder, ModelManifest, Vectors


@dataclass(frozen=True, slots=True)
class Prompts:
    """What stands before every question and before every passage; either may be empty."""

    query: str = ""
    passage: str = ""


class PromptedEncoder:
    """Puts the prompts before the texts; everything else is left to one encoder per side."""

    def __init__(
        self, questions: Encoder, passages: Encoder, prompts: Prompts, manifest: ModelManifest
    ) -> None:
        """Compose the two sides.

        Args:
            questions: encodes questions.
            passages: encodes passages; it may be the same one.
            prompts: put before the texts.
            manifest: of the whole; its ``max_tokens`` do not count the passages' prompt.
        """
        self.name = manifest.name
        self.sha256 = manifest.sha256
        self.dimension = int(manifest.settings["dimension"])
        self.max_tokens = int(manifest.settings["max_tokens"])
        self._questions = questions
        self._passages = passages
        self._prompts = prompts

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return unit vectors of passages, (n_texts, dimension) float32."""
        return self._passages.encode([self._prompts.passage + text for text in texts])

    def encode_questions(self, questions: Sequence[str]) -> Vectors:
        """Return unit vectors of questions, (n_questions, dimension) float32."""
        return self._questions.encode([self._prompts.query + text for text in questions])

    def token_offsets(self, text: str) -> Sequence[tuple[int, int]]:
        """Return the code-point range of each token of ``text``, without special tokens."""
        return self._passages.token_offsets(text)
