from .answer_types import answer_type, passage_length, question_word
from .breakdown import GroupScore, ReadingError, break_down, worst_errors
from .confidence import ConfidenceModel, load_confidence, save_confidence
from .contradiction import is_contradiction
from .errors import DatasetInvalid, TrainSpecInvalid
from .evaluation import FORCED, Outcome, SquadEvaluation, evaluate_squad, score_predictions
from .labelled import TEMPLATE, LabelledQuestion, read_labelled
from .layouts import LAYOUTS, LayoutName, prediction_files, read_null_odds, read_predictions
from .metrics import squad_metrics
from .onnx_reader import OnnxReader, default_reader_folder
from .plain_folder import load_reader
from .squad import SquadAnswer, SquadQuestion, read_squad
from .thresholds import OddsAnswer, precision_recall, threshold_scores
from .types import AbstentionReason, Prediction, Reader, Span

__all__ = [
    "FORCED",
    "LAYOUTS",
    "TEMPLATE",
    "AbstentionReason",
    "ConfidenceModel",
    "DatasetInvalid",
    "GroupScore",
    "LabelledQuestion",
    "LayoutName",
    "OddsAnswer",
    "OnnxReader",
    "Outcome",
    "Prediction",
    "Reader",
    "ReadingError",
    "Span",
    "SquadAnswer",
    "SquadEvaluation",
    "SquadQuestion",
    "TrainSpecInvalid",
    "answer_type",
    "break_down",
    "default_reader_folder",
    "evaluate_squad",
    "is_contradiction",
    "load_confidence",
    "load_reader",
    "passage_length",
    "precision_recall",
    "prediction_files",
    "question_word",
    "read_labelled",
    "read_null_odds",
    "read_predictions",
    "read_squad",
    "save_confidence",
    "score_predictions",
    "squad_metrics",
    "threshold_scores",
    "worst_errors",
]
