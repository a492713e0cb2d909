from .encoder import OnnxEncoder, default_encoder_folder
from .errors import RetrieverSpecInvalid
from .folders import encoder_manifest, load_encoder
from .fusion import fuse, fuse_scores
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
    "RetrieverSpecInvalid",
    "SearchMode",
    "default_encoder_folder",
    "encoder_manifest",
    "fuse",
    "fuse_scores",
    "load_encoder",
    "passage_priors",
    "question_terms",
]
