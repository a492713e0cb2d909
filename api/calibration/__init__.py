"""Calibration on a user's own questions: the fit, its figures, its report, and where it is kept."""
