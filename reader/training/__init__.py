"""Fine-tuning of readers with PyTorch: needs the ``models`` extra."""

from .spec import ReaderTrainSpec, load_spec

__all__ = ["ReaderTrainSpec", "load_spec"]
