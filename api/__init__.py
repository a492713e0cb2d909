from answerable.index import AnswerableError, IngestProgress, IngestReport

from .checks import check_max_error
from .engine import Engine
from .errors import (
    CalibrationNeeded,
    CollectionInvalid,
    EmptyQuestion,
    ExtraMissing,
    PrincipalInvalid,
    QuestionInvalid,
    QuestionTooLong,
    ServeRefused,
    SettingsInvalid,
)
from .evaluation import evaluate_squad_file
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
    "ExtraMissing",
    "IngestProgress",
    "IngestReport",
    "ModelNames",
    "NearestPassage",
    "PrincipalInvalid",
    "QuestionInvalid",
    "QuestionTooLong",
    "RemoveReport",
    "SearchHit",
    "SearchResult",
    "SearchTiming",
    "ServeRefused",
    "Settings",
    "SettingsInvalid",
    "Status",
    "check_max_error",
    "evaluate_squad_file",
    "load_settings",
    "to_json",
    "train_reader",
]
