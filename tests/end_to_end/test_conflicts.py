"""Documents that disagree, read by the shipped models through the command."""

import json
import os
from pathlib import Path

import pytest

from tests.end_to_end.conftest import answerable

pytestmark = pytest.mark.model

QUESTION = "How many days of annual leave do employees receive?"
OLD = "# Leave policy 2024\n\nEmployees receive 25 days of annual leave each year.\n"
NEW = "# Leave policy 2026\n\nEmployees receive 28 days of annual leave each year.\n"
OTHER = "# Parking\n\nThe car park closes at 21:00. A card costs 20 pounds.\n"


def _index(folder: Path, **documents: str) -> None:
    source = folder / "policies"
    source.mkdir()
    for day, (name, text) in enumerate(documents.items(), start=1):
        path = source / f"{name}.md"
        path.write_text(text, encoding="utf-8")
        os.utime(path, (86_400 * (20_000 + day),) * 2)
    assert answerable("ingest", source, "--index", "index", cwd=folder).code == 0


def test_two_policies_with_different_numbers_conflict(tmp_path: Path) -> None:
    """Neither is given as the answer: both are shown, with sources and dates."""
    _index(tmp_path, old=OLD, new=NEW, other=OTHER)
    run = answerable("ask", QUESTION, "--json", "--index", "index", cwd=tmp_path)
    result = json.loads(run.out)
    assert (run.code, result["reason"], result["answer"]) == (3, "conflicting_answers", None)
    sides = result["candidates"][:2]
    assert {side["text"].split()[0] for side in sides} == {"25", "28"}
    assert len({side["document"]["id"] for side in sides}) == 2
    dates = {side["document"]["uri"][-6:]: side["document"]["modified_at"][:10] for side in sides}
    assert dates == {"old.md": "2024-10-05", "new.md": "2024-10-06"}
    assert result["nearest"]
    shown = answerable("ask", QUESTION, "--index", "index", cwd=tmp_path)
    assert shown.code == 3
    assert shown.out.startswith("No answer: the documents disagree.\n")
    for said in ("**25", "**28", "policies/old.md, line 3, changed 2024-10-05"):
        assert said in shown.out


def test_same_number_in_two_documents_is_an_answer(tmp_path: Path) -> None:
    """Agreement, in figures or words, is no conflict."""
    agreeing = NEW.replace("28 days", "twenty-eight days").replace("receive", "are given")
    _index(tmp_path, mine=NEW, yours=agreeing, other=OTHER)
    run = answerable("ask", QUESTION, "--json", "--index", "index", cwd=tmp_path)
    assert (run.code, json.loads(run.out)["reason"]) == (0, None)


def test_one_document_that_names_two_numbers_is_no_conflict(tmp_path: Path) -> None:
    """An old figure beside the new one is the reader's to tell apart."""
    both = NEW + "\nUntil 2025 employees received 25 days of annual leave each year.\n"
    _index(tmp_path, both=both, other=OTHER)
    run = answerable("ask", QUESTION, "--json", "--index", "index", cwd=tmp_path)
    assert json.loads(run.out)["reason"] != "conflicting_answers"
