from .beir import BeirDocument, BeirFolder, BeirQuery, TestCollectionInvalid
from .encoder import OnnxEncoder, default_encoder_folder
from .errors import RetrieverSpecInvalid
from .folders import encoder_manifest, load_encoder
from .fusion import fuse, fuse_scores
from .hybrid import HybridRetriever, RetrievalConfig
from .lexical import question_terms
from .metrics import CUTOFFS, mean_scores, score_ranking
from .priors import PriorConfig, passage_priors
from .stages import StageTimes, TimedEncoder, TimedIndex
from .types import ChannelScore, Hit, Retriever, SearchMode

__all__ = [
    "CUTOFFS",
    "BeirDocument",
    "BeirFolder",
    "BeirQuery",
    "ChannelScore",
    "Hit",
    "HybridRetriever",
    "OnnxEncoder",
    "PriorConfig",
    "RetrievalConfig",
    "Retriever",
    "RetrieverSpecInvalid",
    "SearchMode",
    "StageTimes",
    "TestCollectionInvalid",
    "TimedEncoder",
    "TimedIndex",
    "default_encoder_folder",
    "encoder_manifest",
    "fuse",
    "fuse_scores",
    "load_encoder",
    "mean_scores",
    "passage_priors",
    "question_terms",
    "score_ranking",
]
