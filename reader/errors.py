"""Errors of the reader.

AnswerableError
├── DatasetInvalid       a labelled question file cannot be read
├── TrainSpecInvalid     a training spec does not say what it must
├── CalibrationNeeded    an error limit is asked of a reader without a calibration
├── CalibrationMismatch  a calibration was fitted for another reader, encoder or splitter
├── MaxErrorUnsupported  the calibration questions cannot support an error limit
├── MaskedTextInvalid    a text whose masks cannot be filled
└── TargetInvalid        none of the words to choose from is one
"""

from answerable.index import AnswerableError


class DatasetInvalid(AnswerableError):
    """A file of labelled questions cannot be read or is laid out differently."""


class TrainSpecInvalid(AnswerableError):
    """A training spec or an override of it cannot be used."""


class CalibrationNeeded(AnswerableError):
    """An error limit needs a confidence model fitted on labelled questions."""


class CalibrationMismatch(AnswerableError):
    """A calibration was fitted for another reader, encoder, splitter or version.

    Attributes:
        subject: what was fitted, such as a file.
        difference: whom it was fitted for and who is here, to follow "was fitted".
    """

    def __init__(
        self,
        subject: str,
        difference: str,
        remedy: str = 'fit it again with "answerable calibrate QUESTIONS"',
    ) -> None:
        self.subject = subject
        self.difference = difference
        super().__init__(f"{subject} was fitted {difference}: {remedy}")


class MaxErrorUnsupported(AnswerableError):
    """The calibration questions cannot support an error limit.

    Attributes:
        smallest: from it on they can support every whole per cent; None if not even 0.99.
    """

    def __init__(self, max_error: float, confidence: float, smallest: float | None) -> None:
        self.smallest = smallest
        if smallest is None:
            way_out = (
                "they support no other limit either, too few answers were right; check labels and "
                "documents, or calibrate with more labelled questions"
            )
        else:
            way_out = (
                f"they support limits from {smallest:g} on, in whole per cent; use a max_error of "
                f"{smallest:g}, or calibrate with more labelled questions"
            )
        super().__init__(
            f"the calibration questions cannot support an error of at most {max_error:g} with "
            f"{confidence:.0%} confidence: {way_out} (answerable calibrate QUESTIONS)"
        )


class MaskedTextInvalid(AnswerableError):
    """A text has no mask, too many, or is longer than the model reads."""


class TargetInvalid(AnswerableError):
    """None of the words that a mask may stand for is one that the model knows."""
