"""Calibration on a user's own questions: the fit, its figures and its report."""
