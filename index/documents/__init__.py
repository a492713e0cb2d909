from .extraction import Extractor
from .limits import ExtractionLimits
from .media import is_supported
from .sentences import sentence_bounds, sentence_spans
from .splitter import SPLITTER_VERSION, SplitConfig, split

__all__ = [
    "SPLITTER_VERSION",
    "ExtractionLimits",
    "Extractor",
    "SplitConfig",
    "is_supported",
    "sentence_bounds",
    "sentence_spans",
    "split",
]
