"""Rules over logits that the test writes down, word by word."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from answerable.reader import PROFILES, Profile, ProfileDecision, ProfileName
from answerable.reader.windows import WindowConfig
from tests.reader.scripted import ScriptedScorer, passage, scripted_reader, word_tokenizer

LONG = WindowConfig(max_seq_tokens=512)


def decide(
    profile: ProfileName | Profile,
    passages: Sequence[str],
    script: Mapping[str, tuple[float, float]],
    *,
    null: tuple[float, float] = (0.0, 0.0),
    question: str = "who",
    config: WindowConfig = LONG,
    vocabulary: Sequence[str] | None = None,
    **settings: object,
) -> ProfileDecision:
    """Return what a profile decides; words that the script lacks have logits of -10."""
    rule = PROFILES[profile] if isinstance(profile, str) else profile
    tokenizer = word_tokenizer(*(vocabulary or (question, *passages)))
    reader = scripted_reader(ScriptedScorer(tokenizer, script, null), tokenizer, config=config)
    read = [passage(text, id=number) for number, text in enumerate(passages)]
    return reader.decide(question, read, replace(rule, **settings))  # type: ignore[arg-type]  # by name
