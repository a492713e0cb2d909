from .evidence import Reading, RetrievalEvidence
from .features import FEATURES, Feature, answer_features, raw_score
from .fit import cross_fitted, fit_confidence
from .guarantee import CalibrationSample, Threshold
from .metrics import (
    ReliabilityBin,
    RiskCoverage,
    area_under_risk_coverage,
    calibration_bins,
    calibration_error_by_chance,
    coverage_at_accuracy,
    expected_calibration_error,
    false_answer_rate,
    reliability_table,
    right_within_ties,
    risk_coverage_curve,
)
from .model import CalibrationOutcome, ConfidenceModel, Provenance, unable_to_abstain, uncalibrated
from .recalibration import (
    base_log_odds,
    cross_recalibrated,
    fit_level,
    probability_at,
    recalibrate,
    right_of,
)
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
    "base_log_odds",
    "calibration_bins",
    "calibration_error_by_chance",
    "coverage_at_accuracy",
    "cross_fitted",
    "cross_recalibrated",
    "expected_calibration_error",
    "false_answer_rate",
    "fit_confidence",
    "fit_level",
    "load_confidence",
    "probability_at",
    "raw_score",
    "recalibrate",
    "reliability_table",
    "right_of",
    "right_within_ties",
    "risk_coverage_curve",
    "save_confidence",
    "unable_to_abstain",
    "uncalibrated",
]
