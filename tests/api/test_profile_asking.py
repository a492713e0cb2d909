"""``Engine.ask`` under another system's rule."""

from dataclasses import replace
from pathlib import Path

import pytest

from answerable.api import LimitInvalid, ProfileUnknown
from answerable.index import Filters
from answerable.reader import PROFILES
from tests.api.fakes import fill, open_engine, write_handbook


def test_the_quote_is_a_slice_and_has_no_probability(tmp_path: Path) -> None:
    """Answer and candidates stand in their document; no calibration and no limit has a say."""
    fill(tmp_path / "index", write_handbook(tmp_path))
    with open_engine(tmp_path / "index") as engine:
        result = engine.ask("How large is the allowance?", profile="run_squad")
        assert result.answer is not None and result.profile is not None
        stored = engine.index.document(result.answer.document.id, Filters())
        assert stored.text[result.answer.start : result.answer.end] == "400 euros"
        assert (result.answer.probability, result.calibration) == (None, None)
        assert (result.limit.min_probability, result.models.calibration) == (0.0, None)
        assert result.profile.text == "400 euros" and result.profile.null_odds == -4.0
        none = engine.ask("Who is it?", profile=replace(PROFILES["hf"], n_best=3))
        assert (none.answer, none.reason, none.abstained) == (None, "no_answer_in_passages", True)
        assert none.profile is not None and none.profile.text is None and none.nearest


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    """An unknown name, and a limit on a probability that there is not."""
    with open_engine(tmp_path / "index") as engine:
        with pytest.raises(ProfileUnknown, match="take one of openvino-demo, nemo"):
            engine.ask("Who?", profile="bert")  # type: ignore[arg-type]  # the mistake
        with pytest.raises(LimitInvalid, match="no probability"):
            engine.ask("Who?", profile="hf", max_error=0.1)
        assert engine.ask("Who?", profile="hf").reason == "no_passages"
