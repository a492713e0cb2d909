"""Evaluation on labelled questions: files in, SQuAD's metrics, thresholds, breakdown, prediction files."""
