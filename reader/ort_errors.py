"""What ONNX Runtime raises for a model that it cannot load or run."""

from answerable.index import ModelFolderInvalid  # noqa: F401

# isort: split
# The index goes first: it keeps ONNX Runtime from reporting to its maker.
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

ORT_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
