"""From a profile's name to its rule."""

from collections.abc import Mapping, Sequence

from ..windows import WindowMaker
from .haystack1 import haystack1
from .haystack2 import haystack2
from .hf import hf
from .openvino_demo import openvino_demo
from .reading import CutQuestion, WindowScores, cut_question
from .squad_scripts import nemo, run_qa, run_squad
from .types import Profile, ProfileDecision, ProfileName, Rule

RULES: Mapping[ProfileName, Rule] = {
    "openvino-demo": openvino_demo,
    "nemo": nemo,
    "run_squad": run_squad,
    "run_qa": run_qa,
    "haystack1": haystack1,
    "haystack2": haystack2,
    "hf": hf,
}


def cut_all(
    maker: WindowMaker, question: str, passages: Sequence[str], profiles: Sequence[Profile]
) -> list[CutQuestion]:
    """Cut passages into windows as each profile's system does.

    Args:
        maker: of the model's windows.
        question: what is asked.
        passages: the texts to read; one document each for a rule that knows documents, else
            further windows of the same question.
        profiles: rules and their settings.
    """
    return [cut_question(maker, question, passages, profile) for profile in profiles]


def decide_all(
    cuts: Sequence[CutQuestion], profiles: Sequence[Profile], scores: WindowScores
) -> list[ProfileDecision]:
    """Return what each profile's system would answer.

    Args:
        cuts: of each profile, in their order.
        profiles: rules and their settings.
        scores: of all windows.
    """
    return [
        RULES[profile.name](cut.scored(scores), profile)
        for cut, profile in zip(cuts, profiles, strict=True)
    ]
