"""Every option of a training spec, run for real on a tiny reader."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from answerable.index import ModelFolderInvalid
from answerable.reader.errors import DatasetInvalid, TrainSpecInvalid
from answerable.reader.training import ReaderTrainSpec
from answerable.reader.training.batches import run_batches
from answerable.reader.training.data import load_data, load_tokenizer, special_ids
from answerable.reader.training.loop import train_reader
from answerable.reader.training.masking import mask_tokens
from answerable.reader.training.options import OptimizerSpec
from answerable.reader.training.schedule import learning_rate
from tests.models.tiny import NAMES, tiny_spec

pytestmark = pytest.mark.models

SHORT = "optimizer.max_steps=10"


def _weights(spec: ReaderTrainSpec) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = load_file(spec.output / "model" / "model.safetensors")
    return weights


def _stop_at(step: int, monkeypatch: pytest.MonkeyPatch, spec: ReaderTrainSpec) -> None:
    """Run a spec and interrupt it after its last checkpoint before a step."""

    def rate(at: int, optimizer: OptimizerSpec) -> float:
        if at == step:
            raise KeyboardInterrupt
        return learning_rate(at, optimizer)

    with monkeypatch.context() as patch:
        patch.setattr("answerable.reader.training.loop.learning_rate", rate)
        with pytest.raises(KeyboardInterrupt):
            train_reader(spec, resume=False)


@pytest.mark.parametrize("loss", ["per_window", "shared", "both"])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_hard_negatives_and_every_loss(tmp_path: Path, loss: str, share: float) -> None:
    """With each loss, groups of windows teach the answers."""
    negatives = (
        f"negatives={{file: {tmp_path / 'negatives.jsonl'}, per_question: 2, share: {share}}}"
    )
    validation = f"validation.path={tmp_path / 'train.json'}"
    spec = tiny_spec(tmp_path, "run", negatives, f"loss={loss}", validation)
    report = train_reader(spec, resume=False)
    assert report.validation is not None and report.validation["exact"] > 80
    assert set(report.data_sha256) == {"train.json", "negatives.jsonl"}


def test_negatives_must_name_training_passages(tmp_path: Path) -> None:
    """A file mined from other data is an error, not a run without negatives."""
    spec = tiny_spec(tmp_path, "run", f"negatives.file={tmp_path / 'negatives.jsonl'}", SHORT)
    (tmp_path / "negatives.jsonl").write_text('{"id": "x", "passages": ["y"]}\n')
    with pytest.raises(DatasetInvalid, match="names no passage"):
        train_reader(spec, resume=False)


@pytest.mark.parametrize(
    "options",
    [
        ["ema_decay=0.9"],
        ["dropout=0.1", "r_drop=1.0"],
        ["optimizer.layer_decay=0.8", "windows.masked_share=0.1"],
        ["quantization_aware=true", "precision=bf16"],
        ["quantization_aware={weight_bits: 7, embeddings: false}"],
    ],
    ids=str,
)
def test_a_resumed_run_ends_where_an_unbroken_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """With every option that has a state or draws at random: the very same weights."""
    whole = tiny_spec(tmp_path, "whole", *options, "optimizer.max_steps=20")
    train_reader(whole, resume=False)
    broken = tiny_spec(tmp_path, "broken", *options, "optimizer.max_steps=20")
    _stop_at(15, monkeypatch, broken)
    train_reader(broken, resume=True)
    expected, actual = _weights(whole), _weights(broken)
    for name, tensor in expected.items():
        torch.testing.assert_close(actual[name], tensor, msg=name)


def test_a_run_may_go_on_with_other_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint of a plain run is resumed with an average, layer decay and quantization."""
    plain = tiny_spec(tmp_path, "run")
    _stop_at(15, monkeypatch, plain)
    options = ["ema_decay=0.99", "optimizer.layer_decay=0.9", "quantization_aware=true"]
    spec = tiny_spec(tmp_path, "run", *options, "optimizer.max_steps=20")
    state = json.loads((spec.output / "checkpoint" / "state.json").read_text())
    (spec.output / "checkpoint" / "state.json").write_text(json.dumps({"step": state["step"]}))
    assert train_reader(spec, resume=True).steps == 20


def test_a_checkpoint_of_another_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights do not fit: one clear error that says what to do."""
    spec = tiny_spec(tmp_path, "run")
    _stop_at(15, monkeypatch, spec)
    path = spec.output / "checkpoint" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelFolderInvalid, match="train without --resume"):
        train_reader(spec, resume=True)


def test_the_average_becomes_the_model(tmp_path: Path) -> None:
    """With a slow average the finished weights lag behind the last ones."""
    plain, averaged = (
        tiny_spec(tmp_path, "plain", SHORT),
        tiny_spec(tmp_path, "averaged", SHORT, "ema_decay=0.999"),
    )
    train_reader(plain, resume=False)
    train_reader(averaged, resume=False)
    base = load_file(tmp_path / "base" / "model.safetensors")
    name = "qa_outputs.weight"
    whole_way = (_weights(plain)[name] - base[name]).norm()
    assert 0 < (_weights(averaged)[name] - base[name]).norm() < whole_way


def test_a_soup_is_the_mean_of_its_models(tmp_path: Path) -> None:
    """With no steps the mean of two finished runs is written out, without any data."""
    first, second = (
        tiny_spec(tmp_path, name, SHORT, f"seed={seed}") for seed, name in enumerate("ab")
    )
    for spec in (first, second):
        train_reader(spec, resume=False)
    folders = [str(spec.output / "model") for spec in (first, second)]
    soup = tiny_spec(tmp_path, "soup", f"base_model={folders}", "optimizer.max_steps=0", "data=[]")
    assert train_reader(soup, resume=False).final_loss is None
    one, other, mean = _weights(first), _weights(second), _weights(soup)
    for name, tensor in mean.items():
        torch.testing.assert_close(tensor, (one[name] + other[name]) / 2, msg=name)


def test_a_student_comes_near_its_teachers(tmp_path: Path) -> None:
    """Taught by a trained reader alone, an untrained one learns the task."""
    teacher = tiny_spec(tmp_path, "teacher")
    train_reader(teacher, resume=False)
    taught = (
        f"distillation={{teachers: [{teacher.output / 'model'}], weight: 1.0, temperature: 2.0}}"
    )
    student = tiny_spec(tmp_path, "student", taught, f"validation.path={tmp_path / 'train.json'}")
    before = tiny_spec(
        tmp_path, "none", f"validation.path={tmp_path / 'train.json'}", "optimizer.max_steps=0"
    )
    f1 = [train_reader(spec, resume=False).validation for spec in (before, student)]
    assert f1[0] is not None and f1[1] is not None
    assert f1[1]["f1"] > f1[0]["f1"] + 30


def test_left_out_articles_are_in_no_batch(tmp_path: Path) -> None:
    """Nor are they anyone's negatives; the finished folder lists them."""
    negatives = f"negatives={{file: {tmp_path / 'negatives.jsonl'}, per_question: 8}}"
    spec = tiny_spec(tmp_path, "run", negatives, "left_out_share=0.5", SHORT)
    tokenizer = load_tokenizer(tmp_path / "tokenizer.json")
    data = load_data(spec, tokenizer)
    (left_out,) = data.left_out.values()
    assert 0 < len(left_out) < 6
    heroes = set()
    for batch in run_batches(data.files, spec, special_ids(tokenizer), skip=0):
        for row in batch.token_ids.tolist():
            # [CLS] who signs [SEP] SIGNER signs the form and READER ...
            signer, reader = tokenizer.id_to_token(row[4]), tokenizer.id_to_token(row[9])
            heroes.add(reader if signer == "nobody" else signer)
    assert heroes == set(NAMES) - set(left_out)
    train_reader(spec, resume=False)
    listed = json.loads((spec.output / "model" / "left_out.json").read_text())
    assert listed == {"train.json": left_out}


def test_hidden_words_are_never_the_answers(tmp_path: Path) -> None:
    """Only question and context words are replaced; about the share that was asked for."""
    spec = tiny_spec(tmp_path, "run", SHORT)
    tokenizer = load_tokenizer(tmp_path / "tokenizer.json")
    special = special_ids(tokenizer)
    assert special.mask is not None
    data = load_data(spec, tokenizer)
    n_hidden = n_free = 0
    for step, batch in enumerate(run_batches(data.files, spec, special, skip=0)):
        generator = torch.Generator().manual_seed(step)
        shown = mask_tokens(batch, 0.3, special.mask, generator).token_ids
        changed = shown != batch.token_ids
        assert set(shown[changed].tolist()) <= {special.mask}
        fixed = torch.isin(batch.token_ids, torch.tensor([special.cls, special.sep, special.pad]))
        for row, targets in enumerate(batch.targets.tolist()):
            for start, end in targets:
                fixed[row, start : end + 1] = start >= 0
        assert not bool((changed & fixed).any())
        n_hidden, n_free = n_hidden + int(changed.sum()), n_free + int((~fixed).sum())
    assert 0.25 < n_hidden / n_free < 0.35


def test_masked_words_make_a_base_for_readers(tmp_path: Path) -> None:
    """A model learns to guess hidden words, and a reader goes on from its layers."""
    spec = tiny_spec(tmp_path, "reader")
    lines = [json.dumps({"title": "t", "text": f"{name} signs the form"}) for name in NAMES]
    (tmp_path / "text.jsonl").write_text("\n".join(lines))
    text = f"data=[{{path: {tmp_path / 'text.jsonl'}, kind: paragraphs}}]"
    words = tiny_spec(tmp_path, "words", "objective=masked_words", text)
    report = train_reader(words, resume=False)
    assert report.final_loss is not None and report.final_loss < 2.9  # chance: 3.0
    pretrained = words.output / "model"
    copied = tiny_spec(
        tmp_path, "copied", f"base_model={pretrained}", "optimizer.max_steps=0", "data=[]"
    )
    train_reader(copied, resume=False)
    name = "bert.encoder.layer.1.output.dense.weight"
    torch.testing.assert_close(_weights(copied)[name], _weights(words)[name])
    assert not torch.equal(
        _weights(words)[name], load_file(spec.base_models[0] / "model.safetensors")[name]
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_same_spec_runs_on_a_gpu(tmp_path: Path) -> None:
    """With all that keeps tensors of its own: master weights, average, rounding, teachers."""
    teachers = f"distillation.teachers=[{tmp_path / 'base'}]"
    options = ["ema_decay=0.9", "quantization_aware=true", "windows.masked_share=0.1", teachers]
    spec = tiny_spec(tmp_path, "run", "device=cuda", "precision=bf16", *options, SHORT)
    report = train_reader(spec, resume=False)
    assert report.steps == 10


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    """One line says so, and what to take."""
    with pytest.raises(TrainSpecInvalid, match="finds no GPU here; take cpu"):
        train_reader(tiny_spec(tmp_path, "run", "device=cuda", SHORT), resume=False)
