from .confidence import ConfidenceModel, load_confidence, save_confidence
from .errors import DatasetInvalid, TrainSpecInvalid
from .evaluation import SquadEvaluation, evaluate_squad
from .metrics import squad_metrics
from .onnx_reader import OnnxReader, default_reader_folder
from .squad import SquadAnswer, SquadQuestion, read_squad
from .types import AbstentionReason, Prediction, Reader, Span

__all__ = [
    "AbstentionReason",
    "ConfidenceModel",
    "DatasetInvalid",
    "OnnxReader",
    "Prediction",
    "Reader",
    "Span",
    "SquadAnswer",
    "SquadEvaluation",
    "SquadQuestion",
    "TrainSpecInvalid",
    "default_reader_folder",
    "evaluate_squad",
    "load_confidence",
    "read_squad",
    "save_confidence",
    "squad_metrics",
]
