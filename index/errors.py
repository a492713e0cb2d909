"""Base error of Answerable and the errors of the index.

AnswerableError
├── IndexNotFound        no index at the given folder
├── IndexDamaged         the database cannot be read as an index
├── IndexModelMismatch   built with another embedding model or splitter
├── IndexLocked          another process is writing
├── SourceNotFound       a path to ingest does not exist or cannot be read
├── DocumentNotFound     no such document for the one who asks
├── MetadataInvalid      not a JSON object that can be stored and filtered by
├── ExtractionFailed     one file cannot be turned into text
│   └── DocumentReaderUnavailable  nor can others of its kind, here and now
├── ModelFolderInvalid   a model folder is incomplete, damaged, or of another kind
└── WorkStopped          the caller gave up, or its time is over
"""


class AnswerableError(Exception):
    """Base of every error that Answerable raises on purpose; its text says what to do."""


class IndexNotFound(AnswerableError):
    """There is no index at the given folder."""


class IndexDamaged(AnswerableError):
    """The index database cannot be read; the file is left as it is."""


class IndexModelMismatch(AnswerableError):
    """The index was built with another embedding model or splitter."""


class IndexLocked(AnswerableError):
    """Another process holds the index's writer lock."""


class SourceNotFound(AnswerableError):
    """A path given to ingest does not exist or cannot be read."""


class DocumentNotFound(AnswerableError):
    """No such document, or the one who asks may not see it."""


class MetadataInvalid(AnswerableError):
    """Metadata, or the path or value of a filter on it, cannot be stored or compared."""


class ExtractionFailed(AnswerableError):
    """One file cannot be turned into text; the message is the one-line reason."""


class DocumentReaderUnavailable(ExtractionFailed):
    """What reads files of a kind does not start on this machine; the file is not to blame."""


class ModelFolderInvalid(AnswerableError):
    """A model folder lacks a file, fails its checksum, or holds another kind of model."""


class WorkStopped(AnswerableError):
    """Work ended between two steps because nobody waits for it any more."""
