"""Conversion of trained models to the ONNX files that run, FP32 and INT8: needs the ``models`` extra."""
