from .encoder import OnnxEncoder, default_encoder_folder
from .fusion import fuse
from .hybrid import HybridRetriever, RetrievalConfig
from .lexical import question_terms
from .types import ChannelScore, Hit, Retriever, SearchMode

__all__ = [
    "ChannelScore",
    "Hit",
    "HybridRetriever",
    "OnnxEncoder",
    "RetrievalConfig",
    "Retriever",
    "SearchMode",
    "default_encoder_folder",
    "fuse",
    "question_terms",
]
