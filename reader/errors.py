"""Errors of the reader.

AnswerableError
├── DatasetInvalid       a labelled question file cannot be read
└── TrainSpecInvalid     a training spec does not say what it must
"""

from answerable.index import AnswerableError


class DatasetInvalid(AnswerableError):
    """A file of labelled questions cannot be read or is laid out differently."""


class TrainSpecInvalid(AnswerableError):
    """A training spec or an override of it cannot be used."""
