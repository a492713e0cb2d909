from .encoder import OnnxEncoder, default_encoder_folder
from .fusion import fuse
from .hybrid import HybridRetriever, RetrievalConfig
from .lexical import question_terms
from .priors import PriorConfig, passage_priors
from .types import ChannelScore, Hit, Retriever, SearchMode

__all__ = [
    "ChannelScore",
    "Hit",
    "HybridRetriever",
    "OnnxEncoder",
    "PriorConfig",
    "RetrievalConfig",
    "Retriever",
    "SearchMode",
    "default_encoder_folder",
    "fuse",
    "passage_priors",
    "question_terms",
]
