"""Errors of the api: what a caller can do something about.

AnswerableError
├── QuestionInvalid      the question is not text that can be looked for
│   ├── EmptyQuestion    there is nothing in it
│   └── QuestionTooLong  longer than the limit
├── PrincipalInvalid     not the name of a user or a group
├── CollectionInvalid    not the name of a collection
├── FilterInvalid        a filter that cannot hold
├── SettingsInvalid      an ANSWERABLE_ variable or an option holds an impossible value
├── LimitInvalid         an error limit or a least probability that cannot hold, or both
├── ExtraMissing         a feature needs an optional dependency
└── ServeRefused         the service cannot or will not listen on that address
"""

from answerable.index import AnswerableError


class QuestionInvalid(AnswerableError):
    """The question is not text that can be looked for."""


class EmptyQuestion(QuestionInvalid):
    """The question is empty or only white space."""


class QuestionTooLong(QuestionInvalid):
    """The question is longer than ``max_question_chars``."""


class PrincipalInvalid(AnswerableError):
    """A principal is not ``public`` or of the form ``user:ann``, ``group:hr``."""


class CollectionInvalid(AnswerableError):
    """The name of a collection is empty, too long, or not printable."""


class FilterInvalid(AnswerableError):
    """A filter has a value that it cannot have, or too many."""


class SettingsInvalid(AnswerableError):
    """A setting holds a value that it cannot have."""


class LimitInvalid(AnswerableError):
    """How sure an answer must be is said in a way that cannot hold, or in two ways."""


class ExtraMissing(AnswerableError):
    """A feature needs packages that the plain install leaves out."""


class ServeRefused(AnswerableError):
    """The service cannot or will not listen on the address asked for."""
