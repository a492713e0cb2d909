"""Errors of the retriever.

AnswerableError
└── RetrieverSpecInvalid     a training spec does not say what it must
"""

from answerable.index import AnswerableError


class RetrieverSpecInvalid(AnswerableError):
    """A training spec, an override of it, or the data it names cannot be used."""
