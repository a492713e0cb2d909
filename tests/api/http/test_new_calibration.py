"""A service that runs takes up a calibration that another process fits or removes."""

import re
from dataclasses import replace
from pathlib import Path

from answerable.api.index_calibration import (
    CALIBRATION_NAME,
    remove_calibration,
    save_calibration,
)
from answerable.reader import ConfidenceModel, Provenance, uncalibrated
from tests.api.fakes import ScriptedReader
from tests.api.http.serving import problem_of, serving

QUESTION = {"question": "How many days may I work from home?"}


class _Calibrated(ScriptedReader):
    """Is as sure as its calibration says."""

    def with_confidence(self, confidence: ConfidenceModel) -> ScriptedReader:
        made = _Calibrated(confidence.min_probability)
        made.calibration = str(confidence.name)
        return made


def _fitted(probability: float, name: str) -> ConfidenceModel:
    return replace(
        uncalibrated(_Calibrated.sha256),
        min_probability=probability,
        provenance=Provenance(name, 50, "2026-11-21", _Calibrated.sha256),
    )


def test_new_calibration_counts_from_the_next_question(index_folder: Path) -> None:
    """No answer from before it is remembered, and none from before it was removed."""
    with serving(index_folder, _Calibrated(0.9)) as client:

        def asked() -> tuple[float, str, str]:
            response = client.post("/v1/ask", json=QUESTION)
            answer = response.json()
            remembered = response.headers["answerable-cache"]
            calibration = answer["models"]["calibration"].partition(",")[0]
            return answer["candidates"][0]["probability"], calibration, remembered

        assert [asked(), asked()] == [(0.9, "by hand", "miss"), (0.9, "by hand", "hit")]
        save_calibration(index_folder, _fitted(0.8, "one.csv"))
        assert [asked(), asked()] == [(0.8, "one.csv", "miss"), (0.8, "one.csv", "hit")]
        save_calibration(index_folder, _fitted(0.7, "two.csv"))
        assert asked() == (0.7, "two.csv", "miss")
        remove_calibration(index_folder)
        assert asked()[:2] == (0.9, "by hand")


def test_metrics_do_not_name_the_file_of_questions(index_folder: Path) -> None:
    """The label changes with the calibration, and says nothing of it."""

    def label() -> str:
        lines = client.get("/metrics").text.splitlines()
        (line,) = (one for one in lines if 'model_info{kind="calibration"' in one)
        return line

    with serving(index_folder, _Calibrated(0.9)) as client:
        before = label()
        save_calibration(index_folder, _fitted(0.8, "one.csv"))
        assert label() != before
        assert re.fullmatch(r'.*,model="fitted@[0-9a-f]{12}"} 1\.0', label())


def test_damaged_calibration_is_named_as_what_it_is(index_folder: Path) -> None:
    """It is no model that cannot be loaded."""
    (index_folder / CALIBRATION_NAME).write_text("{")
    with serving(index_folder, _Calibrated(0.9)) as client:
        problem = problem_of(client.post("/v1/ask", json=QUESTION), 503, "calibration-damaged")
    assert problem["title"] == "The calibration is damaged"
