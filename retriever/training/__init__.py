"""Fine-tuning of sentence encoders with PyTorch: needs the ``models`` extra."""

from .pairs import LabelledQuestion
from .spec import RetrieverTrainSpec, load_spec

__all__ = ["LabelledQuestion", "RetrieverTrainSpec", "load_spec"]
