"""A reader trained from each family of models: it learns, and what it cannot do is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
import transformers

from answerable.api.modeling.building import build_model
from answerable.cli.main import main
from answerable.index import AnswerableError
from answerable.reader import read_squad
from answerable.reader.conversion.checking import onnx_run, torch_run
from answerable.reader.feeds import Run
from answerable.reader.importing import architectures as importing
from answerable.reader.training import ReaderTrainSpec, load_spec
from answerable.reader.training.architectures import ARCHITECTURES, architecture
from answerable.reader.training.base_model import load_base_model
from answerable.reader.training.batches import run_batches
from answerable.reader.training.data import load_data, load_tokenizer, special_ids
from answerable.reader.training.logits import span_logits
from answerable.reader.training.loop import train_reader
from answerable.reader.training.objective import Objective
from answerable.reader.windows import Window, WindowConfig, WindowMaker
from tests.models.architectures import FAMILIES, Family
from tests.reader.importing.files import CONTROL, NORMAL, UNKNOWN, sentencepiece
from tests.reader.vocabularies import ALBERT_SPECIAL, word_pieces

pytestmark = [pytest.mark.models, pytest.mark.timeout(300)]  # seconds; each takes a few

STEPS = 50
LOGITS = ("start_logits", "end_logits")
NAMES = ("Will", "Zoë", "Mark", "Bill", "Élise", "Rose")
BY_NAME = {family.name: family for family in FAMILIES}


def _context(name: str, other: str) -> str:
    """A sentence in which some names are also words, told apart by their case alone."""
    return f"{name} will mark the bill, and {other} reads it."


def _squad() -> dict[str, object]:
    paragraphs = []
    for name in NAMES:
        for other in NAMES:
            answers = [{"text": name, "answer_start": 0}]
            asked = {"id": f"{name}/{other}", "question": "Who marks the bill?"}
            no = {"id": f"{name}/{other}/no", "question": "Who pays the rose?"}
            questions = [
                {**asked, "answers": answers},
                {**no, "answers": [], "is_impossible": True},
            ]
            paragraphs.append({"context": _context(name, other), "qas": questions})
    return {"data": [{"title": "Bills", "paragraphs": paragraphs}]}


TEXTS = [
    "Who marks the bill?",
    "Who pays the rose?",
    *(_context(name, other) for name in NAMES for other in NAMES),
]


def _spec(folder: Path, family: Family, *overrides: str) -> ReaderTrainSpec:
    """Write a family's base model and the questions, and return a spec that uses them."""
    family.write(folder / "base", TEXTS)
    (folder / "train.json").write_text(json.dumps(_squad()), encoding="utf-8")
    (folder / "spec.yaml").write_text(
        f"""
base_model: {folder / "base"}
output: {folder / "run"}
data: [{{path: {folder / "train.json"}}}]
windows: {{max_seq_tokens: 64, max_question_tokens: 16, crop_share: 0.0}}
optimizer: {{max_steps: {STEPS}, batch_size: 8, learning_rate: 5.0e-3, warmup_steps: 5}}
validation: {{path: {folder / "train.json"}, max_questions: 24}}
precision: fp32
device: cpu
threads: 1
"""
    )
    return load_spec(folder / "spec.yaml", list(overrides))


def test_every_family_is_tried() -> None:
    """What can be imported can be trained from, and is here."""
    imported = {known.model_type for known in importing.ARCHITECTURES}
    assert {known.name for known in ARCHITECTURES} == imported == BY_NAME.keys()


ALL_OPTIONS = (
    "optimizer.max_steps=3",
    "optimizer.layer_decay=0.8",
    "dropout=0.1",
    "r_drop=1.0",
    "reinitialized_layers=1",
    "ema_decay=0.9",
    "loss=both",
    "windows.masked_share=0.2",
    "windows.max_seq_tokens=40",
    "precision=bf16",
)
BY_LAYER = ("optimizer.layer_decay=1.0", "reinitialized_layers=0")  # ALBERT's share their weights


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The loss of every step, as it is taken."""
    taken: list[float] = []
    compute = Objective.__call__

    def noted(self: Objective, *args: object) -> torch.Tensor:
        loss = compute(self, *args)  # type: ignore[arg-type]
        taken.append(float(loss.detach()))
        return loss

    monkeypatch.setattr(Objective, "__call__", noted)
    return taken


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_reader_is_made_of_each_family(
    family: Family, tmp_path: Path, losses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    """50 steps of ``train reader``, then INT8: the loss falls, and evaluate and ask run."""
    # 1. The loss falls below half, and the questions are answered in their own case.
    spec = _spec(tmp_path, family)
    report = train_reader(spec, resume=False)
    first, last = sum(losses[:5]) / 5, sum(losses[-5:]) / 5
    assert len(losses) == STEPS
    assert last < first / 2, (first, last)
    assert report.validation is not None and report.validation["exact"] > 80, report.validation
    # 2. The finished folder is one of the library's, and becomes INT8 with logits near its own.
    trained = spec.output / "model"
    model = transformers.AutoModelForQuestionAnswering.from_pretrained(trained)
    assert model.config.model_type == family.name
    folder = tmp_path / "int8"
    built = build_model(trained, folder, name="int8", licence="MIT", origin="random")
    assert built.agreement > 0.98
    windows = _windows(folder, tmp_path / "train.json")
    fp32 = _logits(torch_run(model.eval(), LOGITS), windows)
    int8 = _logits(onnx_run(folder / "model.onnx", LOGITS), windows)
    assert np.corrcoef(int8, fp32)[0, 1] > 0.99
    assert np.abs(int8 - fp32).mean() < 0.05 * fp32.std()
    # 3. It is evaluated and asked as any reader.
    squad = str(tmp_path / "train.json")
    capsys.readouterr()
    assert main(["evaluate", "squad", squad, "--model", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exact"] > 80
    (tmp_path / "bill.txt").write_text(_context("Zoë", "Rose"), encoding="utf-8")
    index = ["--index", str(tmp_path / "index")]
    assert main(["ingest", str(tmp_path / "bill.txt"), *index]) == 0
    capsys.readouterr()
    asked = ["Who marks the bill?", "--reader", str(folder), "--min-probability", "0"]
    assert main(["ask", *asked, *index, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)["answer"]
    assert answer["text"] == _context("Zoë", "Rose")[answer["start"] : answer["end"]] != ""


def _windows(folder: Path, squad: Path) -> list[Window]:
    """Return the windows of the first questions, cut by a finished folder's tokenizer."""
    maker = WindowMaker(load_tokenizer(folder / "tokenizer.json"), WindowConfig())
    questions = read_squad(squad)[:10]
    return [window for q in questions for window in maker.windows(q.question, [q.context])]


def _logits(run: Run, windows: list[Window]) -> npt.NDArray[np.float32]:
    """Return start and end logits of windows, one after another."""
    return np.concatenate([row for w in windows for row in run(w.token_ids, w.type_ids)])


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_options_work(family: Family, tmp_path: Path, losses: list[float]) -> None:
    """Layer decay, R-Drop, new layers, an average, masked words, bf16: together, on each family."""
    overrides = ALL_OPTIONS + (BY_LAYER if family.name == "albert" else ())
    spec = _spec(tmp_path, family, *overrides, "validation=null")
    assert train_reader(spec, resume=False).steps == 3
    assert len(losses) == 3 and all(0 < loss < 20 for loss in losses)


@pytest.mark.parametrize("name", ["bert", "roberta", "albert"])
def test_a_base_model_may_bring_its_vocabulary(name: str, tmp_path: Path) -> None:
    """``vocab.txt`` of a cased BERT, byte pairs, SentencePiece's file: no ``tokenizer.json``."""
    spec = _spec(tmp_path, BY_NAME[name], "optimizer.max_steps=1", "validation=null")
    base = tmp_path / "base"
    original = load_tokenizer(base / "tokenizer.json")
    (base / "tokenizer.json").unlink()
    model = json.loads(original.to_str())["model"]
    if name == "bert":
        words = sorted(model["vocab"], key=model["vocab"].get)
        (base / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        (base / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    elif name == "roberta":
        (base / "vocab.json").write_text(json.dumps(model["vocab"]), encoding="utf-8")
        merges = "".join(f"{left} {right}\n" for left, right in model["merges"])
        (base / "merges.txt").write_text(f"#version: 0.2\n{merges}", encoding="utf-8")
    else:
        kinds = dict.fromkeys(ALBERT_SPECIAL, CONTROL) | {"<unk>": UNKNOWN}
        pieces = [(piece, score, kinds.get(piece, NORMAL)) for piece, score in model["vocab"]]
        (base / "spiece.model").write_bytes(sentencepiece(pieces))
    train_reader(spec, resume=False)
    finished = load_tokenizer(spec.output / "model" / "tokenizer.json")
    for text in TEXTS[:8]:
        assert finished.encode(text, add_special_tokens=False).ids == (
            original.encode(text, add_special_tokens=False).ids
        )
    will = [finished.encode(text, add_special_tokens=False).ids for text in ("a Will", "a will")]
    assert (will[0] != will[1]) is BY_NAME[name].keeps_case


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_model_in_training_is_the_librarys(family: Family, tmp_path: Path) -> None:
    """Our attention, padding and segments give the logits that transformers gives by itself."""
    spec = _spec(tmp_path, family)
    tokenizer = load_tokenizer(spec.base_models[0] / "tokenizer.json")
    special = special_ids(tokenizer)
    batch = next(iter(run_batches(load_data(spec, tokenizer).files, spec, special, skip=0)))
    rows = batch.attention_mask.sum(dim=1)
    longest = batch.token_ids.shape[1] + 5
    padded = torch.nn.functional.pad(batch.token_ids, (0, 5), value=special.pad)
    batch = replace(
        batch,
        token_ids=padded,
        type_ids=torch.nn.functional.pad(batch.type_ids, (0, 5)),
        attention_mask=(torch.arange(longest) < rows[:, None]).long(),
    )
    ours = load_base_model(spec.base_models[0]).eval()
    theirs = getattr(transformers, architecture(family.name).reader)(ours.config)
    theirs.set_attn_implementation("eager")
    theirs.load_state_dict(ours.state_dict())
    inputs = {"input_ids": batch.token_ids, "attention_mask": batch.attention_mask}
    if getattr(ours.config, "type_vocab_size", 0) == 2:
        inputs["token_type_ids"] = batch.type_ids
    with torch.no_grad():
        expected = theirs.eval()(**inputs)
        actual = span_logits(ours, batch)
    for mine, wanted in zip(actual, (expected.start_logits, expected.end_logits), strict=True):
        seen = batch.attention_mask.bool()
        torch.testing.assert_close(mine[seen], wanted[seen], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "override", "reason"),
    [
        ("roberta", "quantization_aware=true", "quantization_aware is for BERT"),
        ("albert", "optimizer.layer_decay=0.9", "layers of albert share their weights"),
        ("albert", "reinitialized_layers=1", "layers of albert share their weights"),
        ("distilbert", "windows.max_seq_tokens=512", None),
        ("electra", "reinitialized_layers=3", "has 2 layers, not 3"),
    ],
)
def test_what_a_family_cannot_do_is_refused(
    name: str, override: str, reason: str | None, tmp_path: Path
) -> None:
    """One line, before a question is read or a step is taken."""
    spec = _spec(tmp_path, BY_NAME[name], override, "optimizer.max_steps=1", "validation=null")
    if reason is None:
        train_reader(spec, resume=False)
        return
    (tmp_path / "train.json").unlink()
    with pytest.raises(AnswerableError, match=reason):
        train_reader(spec, resume=False)


def test_masked_words_are_learnt_by_bert_alone(tmp_path: Path) -> None:
    """The objective masked_words has a head for BERT only, and says so."""
    (tmp_path / "text.jsonl").write_text(json.dumps({"title": "a", "text": TEXTS[0]}) + "\n")
    overrides = (
        "objective=masked_words",
        f"data=[{{path: {tmp_path / 'text.jsonl'}, kind: paragraphs}}]",
        "validation=null",
    )
    spec = _spec(tmp_path, BY_NAME["roberta"], *overrides)
    with pytest.raises(AnswerableError, match="masked_words is for BERT"):
        train_reader(spec, resume=False)


def test_windows_longer_than_the_model_reads_are_refused(tmp_path: Path) -> None:
    """RoBERTa counts positions from its padding: of 514 it reads 512."""
    family = BY_NAME["roberta"]
    spec = _spec(tmp_path, family)
    family.write(tmp_path / "base", TEXTS, max_position_embeddings=64)
    with pytest.raises(AnswerableError, match=r"max_seq_tokens is 64; .* at most 62"):
        train_reader(spec, resume=False)


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    """An unknown family, weights of another, or another's tokenizer: never random weights."""
    spec = _spec(tmp_path, BY_NAME["electra"])
    config = tmp_path / "base" / "config.json"
    original = config.read_text()
    for change, reason in (
        ({"model_type": "gpt2"}, "no reader is trained from a model of type 'gpt2'"),
        ({"model_type": "roberta"}, "lacks .* weights of a roberta model|cannot read the base"),
    ):
        config.write_text(json.dumps({**json.loads(original), **change}))
        with pytest.raises(AnswerableError, match=reason):
            train_reader(spec, resume=False)
    config.write_text(original)
    more = word_pieces([*TEXTS, "entirely different words of another model"], lowercase=False)
    more.save(str(tmp_path / "base" / "tokenizer.json"))
    for given in (None, tmp_path / "base" / "tokenizer.json"):
        with pytest.raises(AnswerableError, match="not of one model"):
            train_reader(spec.model_copy(update={"tokenizer": given}), resume=False)
