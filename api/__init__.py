from answerable.index import AnswerableError, IngestProgress, IngestReport

from .checks import check_max_error
from .engine import Engine
from .errors import (
    CalibrationNeeded,
    CollectionInvalid,
    EmptyQuestion,
    ExtraMissing,
    FilterInvalid,
    KeyNotFound,
    KeyOptionInvalid,
    PrincipalInvalid,
    QuestionInvalid,
    QuestionTooLong,
    ServeRefused,
    SettingsInvalid,
)
from .evaluation import (
    EvaluationOptions,
    PredictionSource,
    evaluate_files,
    evaluate_squad_file,
)
from .evaluation_output import EvaluationOutput
from .evaluation_record import FileEvaluation, files_record
from .evaluation_tables import Table, group_tables, score_table
from .filters import SearchFilters, metadata_of, where_of
from .owned_folder import OutputRefused
from .settings import Settings, load_settings
from .training import train_reader
from .types import (
    Answer,
    AskResult,
    AskTiming,
    DocumentRef,
    ModelNames,
    NearestPassage,
    RemoveReport,
    SearchHit,
    SearchResult,
    SearchTiming,
    Status,
    to_json,
)

__all__ = [
    "Answer",
    "AnswerableError",
    "AskResult",
    "AskTiming",
    "CalibrationNeeded",
    "CollectionInvalid",
    "DocumentRef",
    "EmptyQuestion",
    "Engine",
    "EvaluationOptions",
    "EvaluationOutput",
    "ExtraMissing",
    "FileEvaluation",
    "FilterInvalid",
    "IngestProgress",
    "IngestReport",
    "KeyNotFound",
    "KeyOptionInvalid",
    "ModelNames",
    "NearestPassage",
    "OutputRefused",
    "PredictionSource",
    "PrincipalInvalid",
    "QuestionInvalid",
    "QuestionTooLong",
    "RemoveReport",
    "SearchFilters",
    "SearchHit",
    "SearchResult",
    "SearchTiming",
    "ServeRefused",
    "Settings",
    "SettingsInvalid",
    "Status",
    "Table",
    "check_max_error",
    "evaluate_files",
    "evaluate_squad_file",
    "files_record",
    "group_tables",
    "load_settings",
    "metadata_of",
    "score_table",
    "to_json",
    "train_reader",
    "where_of",
]
