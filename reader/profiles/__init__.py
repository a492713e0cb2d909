from .catalogue import PROFILES
from .deciding import RULES, cut_all, decide_all
from .reading import CutQuestion, WindowScores, check_case, cut_question, passage_tokens, slices
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
    "ReadQuestion",
    "ReadWindow",
    "WindowScores",
    "check_case",
    "cut_all",
    "cut_question",
    "decide_all",
    "passage_tokens",
    "slices",
]
