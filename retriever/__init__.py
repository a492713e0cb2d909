from .beir import BeirDocument, BeirFolder, BeirQuery, TestCollectionInvalid
from .encoder import OnnxEncoder, default_encoder_folder
from .fusion import fuse
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
    "SearchMode",
    "StageTimes",
    "TestCollectionInvalid",
    "TimedEncoder",
    "TimedIndex",
    "default_encoder_folder",
    "fuse",
    "mean_scores",
    "passage_priors",
    "question_terms",
    "score_ranking",
]
