"""From a profile's name to its rule."""

from collections.abc import Mapping, Sequence

from ..windows import WindowMaker
from .haystack1 import haystack1
from .haystack2 import haystack2
from .hf import hf
from .openvino_demo import openvino_demo
from .reading import Scorer, WindowScores, cut_question
from .squad_scripts import run_qa, run_squad
from .types import Profile, ProfileDecision, ProfileName, Rule

RULES: Mapping[ProfileName, Rule] = {
    "openvino-demo": openvino_demo,
    "nemo": run_squad,
    "run_squad": run_squad,
    "run_qa": run_qa,
    "haystack1": haystack1,
    "haystack2": haystack2,
    "hf": hf,
}


class ProfileReader:
    """A model under any number of rules; safe to share between threads."""

    def __init__(self, maker: WindowMaker, scorer: Scorer) -> None:
        """Read with a model.

        Args:
            maker: of the model's windows.
            scorer: of the model.
        """
        self._maker = maker
        self._scorer = scorer

    def decide_all(
        self, question: str, passages: Sequence[str], profiles: Sequence[Profile]
    ) -> list[ProfileDecision]:
        """Return what each profile's system would answer; each distinct window is scored once.

        Args:
            question: what is asked.
            passages: the texts to read; one document each for a rule that knows documents, else
                further windows of the same question.
            profiles: rules and their settings.
        """
        # 1. Cut the passages as each system does.
        cuts = [cut_question(self._maker, question, passages, one) for one in profiles]
        # 2. Score every window that is new.
        scores = WindowScores(self._scorer, [one.window for cut in cuts for one in cut.windows])
        # 3. Let each rule decide.
        return [
            RULES[profile.name](cut.scored(scores), profile)
            for cut, profile in zip(cuts, profiles, strict=True)
        ]
