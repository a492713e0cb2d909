from .documents import SPLITTER_VERSION, Extractor, sentence_bounds
from .embedding import PassageEmbedder
from .errors import (
    AnswerableError,
    DocumentNotFound,
    ExtractionFailed,
    IndexDamaged,
    IndexLocked,
    IndexModelMismatch,
    IndexNotFound,
    MetadataInvalid,
    ModelFolderInvalid,
    SourceNotFound,
)
from .ingest import IngestProgress, ingest
from .loading import IngestOptions
from .local import LocalIndex
from .manifest import ModelManifest, load_manifest, sha256_of_file, write_manifest
from .memory import MemoryIndex
from .metadata import checked_path, value_text
from .reembed import reembed
from .storage.store import IndexStats, PassageStore
from .types import (
    CutPassage,
    Document,
    DocumentInfo,
    Encoder,
    ExtractedDocument,
    FileFailure,
    Filters,
    IndexManifest,
    IngestReport,
    Metadata,
    MetadataEquals,
    NewDocument,
    Page,
    Passage,
    PassageSpan,
    ScoredPassage,
    SearchableIndex,
    Vectors,
)
from .words import STOP_WORDS

__all__ = [
    "SPLITTER_VERSION",
    "STOP_WORDS",
    "AnswerableError",
    "CutPassage",
    "Document",
    "DocumentInfo",
    "DocumentNotFound",
    "Encoder",
    "ExtractedDocument",
    "ExtractionFailed",
    "Extractor",
    "FileFailure",
    "Filters",
    "IndexDamaged",
    "IndexLocked",
    "IndexManifest",
    "IndexModelMismatch",
    "IndexNotFound",
    "IndexStats",
    "IngestOptions",
    "IngestProgress",
    "IngestReport",
    "LocalIndex",
    "MemoryIndex",
    "Metadata",
    "MetadataEquals",
    "MetadataInvalid",
    "ModelFolderInvalid",
    "ModelManifest",
    "NewDocument",
    "Page",
    "Passage",
    "PassageEmbedder",
    "PassageSpan",
    "PassageStore",
    "ScoredPassage",
    "SearchableIndex",
    "SourceNotFound",
    "Vectors",
    "checked_path",
    "ingest",
    "load_manifest",
    "reembed",
    "sentence_bounds",
    "sha256_of_file",
    "value_text",
    "write_manifest",
]
