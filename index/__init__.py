from .checking import Finding, check_index, database_defects, stored_sample
from .documents import SPLITTER_VERSION, ExtractionLimits, Extractor, is_supported, sentence_bounds
from .embedding import PassageEmbedder
from .errors import (
    AnswerableError,
    DocumentNotFound,
    DocumentReaderUnavailable,
    ExtractionFailed,
    IndexDamaged,
    IndexLocked,
    IndexModelMismatch,
    IndexNotFound,
    MetadataInvalid,
    ModelFolderInvalid,
    SourceNotFound,
    WorkStopped,
)
from .ingest import IngestProgress, ingest
from .loading import IngestOptions
from .local import LocalIndex
from .manifest import ModelManifest, load_manifest, sha256_of_file, write_manifest
from .memory import MemoryIndex
from .metadata import checked_path, value_text
from .model_runtime import available_cores, onnx_errors, read_tokenizer, without_surrogates
from .received import ReceivedDocument, StoredDocument, check_received, store_received
from .reembed import reembed
from .sources import path_of
from .stopping import StopSignal, stop_signal, stoppable
from .storage.cache import LimitedCache, cache_key
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
    "DocumentReaderUnavailable",
    "Encoder",
    "ExtractedDocument",
    "ExtractionFailed",
    "ExtractionLimits",
    "Extractor",
    "FileFailure",
    "Filters",
    "Finding",
    "IndexDamaged",
    "IndexLocked",
    "IndexManifest",
    "IndexModelMismatch",
    "IndexNotFound",
    "IndexStats",
    "IngestOptions",
    "IngestProgress",
    "IngestReport",
    "LimitedCache",
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
    "ReceivedDocument",
    "ScoredPassage",
    "SearchableIndex",
    "SourceNotFound",
    "StopSignal",
    "StoredDocument",
    "Vectors",
    "WorkStopped",
    "available_cores",
    "cache_key",
    "check_index",
    "check_received",
    "checked_path",
    "database_defects",
    "ingest",
    "is_supported",
    "load_manifest",
    "onnx_errors",
    "path_of",
    "read_tokenizer",
    "reembed",
    "sentence_bounds",
    "sha256_of_file",
    "stop_signal",
    "stoppable",
    "store_received",
    "stored_sample",
    "value_text",
    "without_surrogates",
    "write_manifest",
]
