"""Errors of the api: what a caller can do something about.

AnswerableError
├── QuestionInvalid      the question is not text that can be looked for
│   ├── EmptyQuestion    there is nothing in it
│   └── QuestionTooLong  longer than the limit
├── PrincipalInvalid     not the name of a user or a group
├── CollectionInvalid    not the name of a collection
├── FilterInvalid        a filter that cannot hold
├── SettingsInvalid      an ANSWERABLE_ variable or an option holds an impossible value
├── CalibrationDamaged   the calibration of an index cannot be read (a ModelFolderInvalid)
├── LimitInvalid         an error limit or a least probability that cannot hold, or both
├── LimitUnsupported     the error limit of the settings, which the calibration cannot support
├── ExtraMissing         a feature needs an optional dependency
├── MaskedModelMissing   no masked-language model is named
├── ServeRefused         the service cannot or will not listen on that address
├── ServiceDatabaseUnusable  keys, jobs and feedback cannot be read or written
│   └── DiskFull         there is no room for them, or for the files of an upload
├── KeyOptionInvalid     a key cannot be made like that
├── KeyNotFound          there is no key of that id
├── AccessRefused        the request's key does not open this
│   ├── KeyNeeded        there is none
│   ├── KeyInvalid       it is unknown, revoked or expired
│   ├── ScopeMissing     it may not be used for this
│   ├── PrincipalsTooWide  a document would be given to others than the key speaks for
│   └── OriginRefused    a page of another site asks
├── RateExceeded         a key asked more often than it may
├── Overloaded           all workers are busy and the queue is full
├── DeadlinePassed       the answer was not there in time
├── BodyTooLarge         the request's body is larger than the limit
├── BodyTooSlow          the request's body did not come in time
├── BatchTooLarge        more questions than a batch holds
├── UploadInvalid        not a form with files, or a file's name or fields cannot be used
├── UploadTooLarge       more files than an upload holds
├── FileUnreadable       a file's text cannot be had
├── FeedbackInvalid      a span that its document does not have
└── JobNotFound          no such job for the one who asks
"""

from answerable.index import AnswerableError, ModelFolderInvalid


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


class CalibrationDamaged(ModelFolderInvalid):
    """The calibration of an index cannot be read, or holds a number that it cannot hold."""


class LimitInvalid(AnswerableError):
    """How sure an answer must be is said in a way that cannot hold, or in two ways."""


class LimitUnsupported(AnswerableError):
    """The service's own error limit cannot be kept under the calibration that there is."""


class ProfileUnknown(AnswerableError):
    """A profile is asked for that no system has."""


class ExtraMissing(AnswerableError):
    """A feature needs packages that the plain install leaves out."""


class MaskedModelMissing(AnswerableError):
    """Masks are to be filled, and no masked-language model is named."""


class ServeRefused(AnswerableError):
    """The service cannot or will not listen on the address asked for."""


class ServiceDatabaseUnusable(AnswerableError):
    """The service's own database cannot be read or written; a full disk is one reason."""


class DiskFull(ServiceDatabaseUnusable):
    """The disk has no room for what the database is to keep, or for the files of an upload."""


class KeyOptionInvalid(AnswerableError):
    """The name, a scope or the life span of a key is none."""


class KeyNotFound(AnswerableError):
    """There is no key of that id."""


class AccessRefused(AnswerableError):
    """A request may not do what it asks for."""


class KeyNeeded(AccessRefused):
    """The request carries no key."""


class KeyInvalid(AccessRefused):
    """The request's key is unknown, revoked or expired; one cannot tell which."""


class ScopeMissing(AccessRefused):
    """The request's key may not be used for this."""


class PrincipalsTooWide(AccessRefused):
    """A document would be allowed to somebody that the key does not speak for."""


class OriginRefused(AccessRefused):
    """A web page of another site sent the request, or by another name of this machine."""


class RateExceeded(AnswerableError):
    """A key asked more often than it may; ``retry_after_s`` says how long to wait."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Overloaded(AnswerableError):
    """All workers are busy and the queue in front of them is full."""


class DeadlinePassed(AnswerableError):
    """The answer was not there in time, and its work was stopped."""


class BodyTooLarge(AnswerableError):
    """The request's body is larger than the limit."""


class BodyTooSlow(AnswerableError):
    """The request's body did not come in time."""


class BatchTooLarge(AnswerableError):
    """There are more questions than a batch holds."""


class UploadInvalid(AnswerableError):
    """An upload is not a form with files, or says what cannot be."""


class UploadTooLarge(AnswerableError):
    """An upload has more files than one may."""


class FileUnreadable(AnswerableError):
    """A file's text cannot be had; the message names the file and says why."""


class FeedbackInvalid(AnswerableError):
    """Feedback names a span that its document does not have."""


class JobNotFound(AnswerableError):
    """There is no such job, or it is somebody else's."""
