from answerable.index import AnswerableError, IngestProgress, IngestReport
from answerable.reader import (
    TEMPLATE as QUESTIONS_TEMPLATE,
)
from answerable.reader import (
    TEMPLATE_LINES as QUESTIONS_TEMPLATE_LINES,
)
from answerable.reader import (
    CalibrationMismatch,
    CalibrationNeeded,
    DatasetInvalid,
    LabelledQuestion,
    MaxErrorUnsupported,
    unit_metrics,
)

from .calibrate_command import calibrate_command
from .calibration.fitting import calibrate
from .calibration.page import calibration_page
from .calibration.report import CalibrationReport, Estimate
from .calibration.wording import errors_in_words, limits_in_words
from .checks import checked_limits
from .doctor import Diagnosis, diagnose
from .engine import Engine
from .errors import (
    CalibrationDamaged,
    CollectionInvalid,
    EmptyQuestion,
    ExtraMissing,
    FilterInvalid,
    KeyNotFound,
    KeyOptionInvalid,
    LimitInvalid,
    MaskedModelMissing,
    PrincipalInvalid,
    ProfileUnknown,
    QuestionInvalid,
    QuestionTooLong,
    ServeRefused,
    SettingsInvalid,
)
from .evaluation.asking import AskedQuestion, AskOptions
from .evaluation.files import (
    EvaluationOptions,
    PredictionSource,
    ProfileOptions,
    evaluate_files,
    evaluate_squad_file,
    profile_with,
)
from .evaluation.open import (
    OpenEvaluation,
    evaluate_open,
    open_evaluation_record,
    open_question_record,
)
from .evaluation.output import EvaluationOutput
from .evaluation.profile_comparison import (
    ProfileComparison,
    compare_profiles_on,
    comparison_record,
    comparison_table,
)
from .evaluation.record import FileEvaluation, files_record
from .evaluation.retrieval import (
    RankedQuery,
    RetrievalEvaluation,
    RetrievalOptions,
    evaluate_retrieval,
    ranking_record,
    retrieval_record,
)
from .evaluation.retrieval_bench import RetrievalBench, bench_record, bench_retrieval
from .evaluation.retrieval_speed import RETRIEVAL_BASELINE
from .evaluation.tables import Table, group_tables, score_table
from .export import exported
from .filters import SearchFilters, checked_filters, metadata_of, where_of
from .masks import FillOptions, fill_masks, filled_record, open_masked_model
from .modeling.training import train_reader, train_retriever
from .owned_folder import OutputRefused, ResultUnwritten
from .settings import Settings, load_settings
from .types import (
    Answer,
    AnswerLimit,
    AskResult,
    AskTiming,
    DocumentRef,
    IndexModels,
    ModelNames,
    NearestPassage,
    ProfileVerdict,
    RemoveReport,
    SearchHit,
    SearchResult,
    SearchTiming,
    Status,
    to_json,
)

__all__ = [
    "QUESTIONS_TEMPLATE",
    "QUESTIONS_TEMPLATE_LINES",
    "RETRIEVAL_BASELINE",
    "Answer",
    "AnswerLimit",
    "AnswerableError",
    "AskOptions",
    "AskResult",
    "AskTiming",
    "AskedQuestion",
    "CalibrationDamaged",
    "CalibrationMismatch",
    "CalibrationNeeded",
    "CalibrationReport",
    "CollectionInvalid",
    "DatasetInvalid",
    "Diagnosis",
    "DocumentRef",
    "EmptyQuestion",
    "Engine",
    "Estimate",
    "EvaluationOptions",
    "EvaluationOutput",
    "ExtraMissing",
    "FileEvaluation",
    "FillOptions",
    "FilterInvalid",
    "IndexModels",
    "IngestProgress",
    "IngestReport",
    "KeyNotFound",
    "KeyOptionInvalid",
    "LabelledQuestion",
    "LimitInvalid",
    "MaskedModelMissing",
    "MaxErrorUnsupported",
    "ModelNames",
    "NearestPassage",
    "OpenEvaluation",
    "OutputRefused",
    "PredictionSource",
    "PrincipalInvalid",
    "ProfileComparison",
    "ProfileOptions",
    "ProfileUnknown",
    "ProfileVerdict",
    "QuestionInvalid",
    "QuestionTooLong",
    "RankedQuery",
    "RemoveReport",
    "ResultUnwritten",
    "RetrievalBench",
    "RetrievalEvaluation",
    "RetrievalOptions",
    "SearchFilters",
    "SearchHit",
    "SearchResult",
    "SearchTiming",
    "ServeRefused",
    "Settings",
    "SettingsInvalid",
    "Status",
    "Table",
    "bench_record",
    "bench_retrieval",
    "calibrate",
    "calibrate_command",
    "calibration_page",
    "checked_filters",
    "checked_limits",
    "compare_profiles_on",
    "comparison_record",
    "comparison_table",
    "diagnose",
    "errors_in_words",
    "evaluate_files",
    "evaluate_open",
    "evaluate_retrieval",
    "evaluate_squad_file",
    "exported",
    "files_record",
    "fill_masks",
    "filled_record",
    "group_tables",
    "limits_in_words",
    "load_settings",
    "metadata_of",
    "open_evaluation_record",
    "open_masked_model",
    "open_question_record",
    "profile_with",
    "ranking_record",
    "retrieval_record",
    "score_table",
    "to_json",
    "train_reader",
    "train_retriever",
    "unit_metrics",
    "where_of",
]
