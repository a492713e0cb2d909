from .evidence import Reading, RetrievalEvidence
from .features import FEATURES, Feature, answer_features, raw_score
from .fit import cross_fitted, fit_confidence
from .guarantee import CalibrationSample, Threshold
from .metrics import (
    ReliabilityBin,
    RiskCoverage,
    area_under_risk_coverage,
    coverage_at_accuracy,
    expected_calibration_error,
    false_answer_rate,
    reliability_table,
    risk_coverage_curve,
)
from .model import CalibrationOutcome, ConfidenceModel, Provenance, uncalibrated
from .shift import ShiftRule
from .storage import load_confidence, save_confidence

__all__ = [
    "FEATURES",
    "CalibrationOutcome",
    "CalibrationSample",
    "ConfidenceModel",
    "Feature",
    "Provenance",
    "Reading",
    "ReliabilityBin",
    "RetrievalEvidence",
    "RiskCoverage",
    "ShiftRule",
    "Threshold",
    "answer_features",
    "area_under_risk_coverage",
    "coverage_at_accuracy",
    "cross_fitted",
    "expected_calibration_error",
    "false_answer_rate",
    "fit_confidence",
    "load_confidence",
    "raw_score",
    "reliability_table",
    "risk_coverage_curve",
    "save_confidence",
    "uncalibrated",
]
