"""The scripts that prepare training data: negatives, recurring phrases, changed questions."""

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

from answerable.reader.evaluation.squad import SquadAnswer, SquadQuestion

pytestmark = pytest.mark.source

TEXT = (
    "Mount Pleasant lies in the north of the county. The railway reached it in 1889 and brought "
    "many people. Farmers then sold their wool to buyers from Mount Pleasant. Rain falls often."
)
OTHER = "Wool was sold in the county by farmers who came there on the railway with their carts."


def _script(root: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, root / "benchmarks" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _question(id_: str, title: str, context: str, answer: str) -> SquadQuestion:
    answers = (SquadAnswer(answer, context.index(answer)),) if answer else ()
    return SquadQuestion(id_, title, context, "Who sold wool?", answers)


def test_mined_passages_match_and_lack_the_answer(source_root: Path) -> None:
    """Never the own context, nothing with the answer as a whole word, half of the own article."""
    script = _script(source_root, "mine_negatives")
    contexts = {
        "own": ("A", "The Shepherds sold wool to the town."),
        "holds": ("A", "Wool came from the shepherds."),
        "near": ("A", "Wool is sold by weight."),
        "far": ("B", "Selling wool was forbidden, and shepherdess was no trade."),
        "apart": ("B", "Nothing here is about it."),
    }
    questions = [
        _question(name, title, context, "Shepherds" if name == "own" else "")
        for name, (title, context) in contexts.items()
    ]
    paragraphs = script.distinct_paragraphs(questions)
    found = script.mine(script.build_search(paragraphs), paragraphs, questions[0], keep=4)
    assert [p.context for p in found] == [contexts["near"][1], contexts["far"][1]]


def test_a_recurring_phrase_is_hidden_once_and_stands_once(source_root: Path) -> None:
    """The question's sentence has the hole, the context the answer, at the offset given."""
    script = _script(source_root, "recurring_spans")
    (cloze,) = script.clozes(TEXT, random.Random(0), 1)
    assert cloze.answer == "Mount Pleasant"
    assert cloze.question.count("[MASK]") == 1 and "Mount Pleasant" not in cloze.question
    assert cloze.context.count("Mount Pleasant") == 1
    assert cloze.context[cloze.start :].startswith(cloze.answer)


def test_some_phrases_are_asked_for_where_they_are_not(source_root: Path) -> None:
    """With a share of 1 every question stands on a text of the article without its answer."""
    script = _script(source_root, "recurring_spans")
    made = script.article_questions(
        [TEXT, OTHER], random.Random(0), per_paragraph=1, unanswerable=1.0
    )
    assert [(p["context"], p["qas"][0]["answers"]) for p in made] == [(OTHER, [])]


@pytest.mark.parametrize("text", ["", "One.", "the the the", "Rain. Rain. Rain."])
def test_texts_without_a_phrase(source_root: Path, text: str) -> None:
    """Too little text makes no question."""
    assert _script(source_root, "recurring_spans").clozes(text, random.Random(0), 2) == []


@pytest.fixture
def changer(source_root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script that changes questions, its neighbours in reach."""
    monkeypatch.syspath_prepend(source_root / "benchmarks")
    return _script(source_root, "changed_questions")


def test_one_word_of_a_question_is_changed(changer: ModuleType) -> None:
    """Another name of the passage, a number, an opposite, a negation; never the answer itself."""
    context = "In 1889 the railway came to Mount Pleasant before Harrow Vale had one. Ann Lee paid."
    question = SquadQuestion(
        "q",
        "Railways",
        context,
        "Who did pay before the railway came to Mount Pleasant in 1889?",
        (SquadAnswer("Ann Lee", context.index("Ann Lee")),),
    )
    made: dict[str, set[str]] = {}
    for seed in range(60):
        for kind, text in changer.changed(question, {}, random.Random(seed)):
            made.setdefault(kind, set()).add(text)
    assert made["name"] == {"Who did pay before the railway came to Harrow Vale in 1889?"}
    assert made["opposite"] == {"Who did pay after the railway came to Mount Pleasant in 1889?"}
    assert made["negation"] == {
        "Who did not pay before the railway came to Mount Pleasant in 1889?"
    }
    assert made["number"] and all("1889" not in text for text in made["number"])


def test_names_of_a_question_change_places(changer: ModuleType) -> None:
    """From one place to another is not the way back; of "and" the order says nothing."""
    context = "In 1889 Ann Lee moved from Harrow Vale to Mount Pleasant, and both places grew."
    answers = (SquadAnswer("1889", 3),)

    def turned(text: str) -> list[str]:
        question = SquadQuestion("q", "Places", context, text, answers)
        found = changer.changed(question, {}, random.Random(0))
        return [new for kind, new in found if kind == "turned"]

    assert turned("When did she move from Harrow Vale to Mount Pleasant?") == [
        "When did she move from Mount Pleasant to Harrow Vale?"
    ]
    assert turned("When did Harrow Vale and Mount Pleasant grow?") == []


def test_what_people_changed_is_changed_elsewhere(source_root: Path) -> None:
    """Edits of one place are found in pairs about one paragraph, but no negations."""
    script = _script(source_root, "question_edits")
    wool, coal = "Farmers sold wool.", "Miners sold coal in winter."

    def asked(text: str, context: str, answer: str) -> SquadQuestion:
        answers = (SquadAnswer(answer, context.index(answer)),) if answer else ()
        return SquadQuestion(text, "Trade", context, text, answers)

    edits = script.edits_of(
        [
            asked("Who sold the wool?", wool, "Farmers"),
            asked("Who bought the wool?", wool, ""),
            asked("Who sold not the wool?", wool, ""),
            asked("Why is coal said to be cheap in winter?", coal, ""),
        ]
    )
    assert edits == {"sold": {"bought": 1}}
    made = script.edited("Who Sold coal?", coal, edits, random.Random(0))
    assert list(made) == ["Who bought coal?"]


def test_text_as_people_type_it_keeps_its_answers(source_root: Path) -> None:
    """Between the answers it changes, whoever writes; each answer still stands where it is said to."""
    script = _script(source_root, "rough_text")
    context = (
        "Ann Lee, however, did not sell the large mill, because several people were against it. "
        "The mill burnt in 1889. It is now a museum, with a garden and a restaurant."
    )
    answers = ("Ann Lee", "the large mill", "large mill", "1889", "a museum, with a garden")
    paragraph = {
        "context": context,
        "qas": [
            {
                "id": text,
                "question": "?",
                "answers": [{"text": text, "answer_start": context.index(text)}],
            }
            for text in answers
        ],
    }
    texts = set()
    for seed in range(40):
        rough = script.roughened(paragraph, random.Random(seed))
        texts.add(rough["context"])
        for asked, text in zip(rough["qas"], answers, strict=True):
            start = asked["answers"][0]["answer_start"]
            assert rough["context"][start : start + len(text)] == text
    assert len(texts) > 30
    assert any("didn't" in text for text in texts) and any("didnt" in text for text in texts)
    assert any("&" in text.split("a garden")[1] for text in texts)
