"""A question to a whole index, with what is known of its answer."""

from dataclasses import dataclass

from ..answer_text import normalize_answer
from ..contradiction import is_right_answer


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question to the whole index, and what a right answer would say.

    Attributes:
        id: as the file has it, else its line.
        answers: texts that are right, any of them; empty where the documents hold no answer.
        group: questions that belong together, such as those about one article: they are never
            split between fitting and checking.
        document: name of the document with the answer, if the file tells.
        sentences: those that hold the answer in the passage that the file gives; empty if it
            gives none.
        place: file and line, for errors.
        rejected: texts that somebody found wrong.
        is_known: False where the file only says what is wrong: ``answers`` is then empty, but
            there may be one.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    group: str
    document: str | None = None
    sentences: tuple[str, ...] = ()
    place: str = ""
    rejected: tuple[str, ...] = ()
    is_known: bool = True

    @property
    def is_answerable(self) -> bool:
        """Whether the documents are known to hold an answer."""
        return bool(self.answers)

    @property
    def is_unanswerable(self) -> bool:
        """Whether the documents are known to hold none."""
        return self.is_known and not self.answers

    def is_right(self, text: str) -> bool:
        """Whether a quote is a right answer; where none is known, no quote is."""
        return is_right_answer(text, self.answers) and not self.is_rejected(text)

    def is_rejected(self, text: str) -> bool:
        """Whether somebody found just this text wrong, whatever its case and punctuation."""
        return _answer_key(text) in map(_answer_key, self.rejected)


def _answer_key(text: str) -> str:
    return normalize_answer(text) or text.strip().casefold()
