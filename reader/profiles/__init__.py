from .catalogue import PROFILES
from .deciding import RULES, ProfileReader
from .reading import CutQuestion, WindowScores, cut_question, passage_tokens, slices
from .types import (
    PassageTokens,
    Profile,
    ProfileAnswer,
    ProfileDecision,
    ProfileName,
    ReadQuestion,
    ReadWindow,
)

__all__ = [
    "PROFILES",
    "RULES",
    "CutQuestion",
    "PassageTokens",
    "Profile",
    "ProfileAnswer",
    "ProfileDecision",
    "ProfileName",
    "ProfileReader",
    "ReadQuestion",
    "ReadWindow",
    "WindowScores",
    "cut_question",
    "passage_tokens",
    "slices",
]
