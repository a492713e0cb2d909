"""SQuAD questions and files for tests: written here, so that they can be small."""

import json
from pathlib import Path
from typing import Any

from answerable.reader import SquadAnswer, SquadQuestion


def question(
    id: str, text: str, *answers: str, context: str | None = None, title: str = "T"
) -> SquadQuestion:
    """Return a question whose context holds its answers; none for an unanswerable one."""
    context = context if context is not None else f"See {', '.join(answers) or 'nothing'}."
    found = tuple(SquadAnswer(answer, context.index(answer)) for answer in answers)
    return SquadQuestion(id, title, context, text, found)


def squad_json(*questions: SquadQuestion) -> dict[str, Any]:
    """Return SQuAD 2.0 JSON, one paragraph for each question."""
    return {"version": "v2.0", "data": [_article(one) for one in questions]}


def write_squad(path: Path, *questions: SquadQuestion) -> Path:
    """Write a SQuAD 2.0 file."""
    path.write_text(json.dumps(squad_json(*questions)), encoding="utf-8")
    return path


def _article(one: SquadQuestion) -> dict[str, Any]:
    qa = {
        "id": one.id,
        "question": one.question,
        "is_impossible": not one.answers,
        "answers": [{"text": a.text, "answer_start": a.start} for a in one.answers],
    }
    return {"title": one.title, "paragraphs": [{"context": one.context, "qas": [qa]}]}
