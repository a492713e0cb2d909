"""The training run: from a spec to a finished model folder, resumable at any moment.

The order of examples, the crops and the learning rate follow from the spec and
the step number alone, so a resumed run continues as if it had not stopped.
"""

import contextlib
import hashlib
import json
import math
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import yaml
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import BertForQuestionAnswering

from answerable.index import ModelFolderInvalid

from ..squad import read_squad
from .batches import Batch, collate, cut_windows, epoch_batches, epoch_order
from .checkpoint import load_checkpoint, save_checkpoint
from .loss import marginal_span_loss
from .spec import OptimizerSpec, ReaderTrainSpec
from .windows import EncodedQuestion, encode_questions


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a finished run did; written to ``metrics.json`` beside the weights."""

    steps: int
    tokens: int
    seconds: float
    final_loss: float
    data_sha256: dict[str, str]


def train_reader(spec: ReaderTrainSpec, *, resume: bool) -> TrainReport:
    """Run a training spec to its end and write the finished folder under its output.

    Args:
        spec: the run.
        resume: continue from the last checkpoint; without it, an earlier one is discarded.

    Raises:
        ModelFolderInvalid: base model or tokenizer cannot be read.
        DatasetInvalid: a data file cannot be read.
    """
    torch.manual_seed(spec.seed)
    if spec.threads:
        torch.set_num_threads(spec.threads)
    device = _device(spec.device)
    tokenizer = _tokenizer(spec.tokenizer)
    files = [_encode_file(file.path, tokenizer, spec) for file in spec.data]
    model = _base_model(spec.base_model).to(device).train()
    optimizer = _optimizer(model, spec.optimizer)
    checkpoint = spec.output / "checkpoint"
    if not resume:
        shutil.rmtree(checkpoint, ignore_errors=True)
    done = load_checkpoint(checkpoint, model, optimizer)

    started, tokens, loss = time.monotonic(), 0, float("nan")
    batches = _batches(files, tokenizer, spec, skip=done)
    with tqdm(total=spec.optimizer.max_steps, initial=done, unit="step", desc="train") as bar:
        for step, batch in enumerate(batches, start=done + 1):
            loss = _step(model, optimizer, batch, spec, step, device, loss)
            tokens += batch.n_tokens
            rate = tokens / (time.monotonic() - started)
            bar.set_postfix(loss=f"{loss:.3f}", tokens_per_s=f"{rate:.0f}", refresh=False)
            bar.update()
            if step % spec.checkpoint_every_steps == 0 or step == spec.optimizer.max_steps:
                save_checkpoint(checkpoint, model, optimizer, step)
                _log_progress(spec.output, step, loss, tokens, time.monotonic() - started)

    hashes = {file.path.name: _sha256(file.path) for file in spec.data}
    seconds = time.monotonic() - started
    report = TrainReport(spec.optimizer.max_steps, tokens, seconds, loss, hashes)
    _write_finished(spec, model, report)
    return report


def learning_rate(step: int, spec: OptimizerSpec) -> float:
    """Return the rate for a step counted from 1: warm-up, constant, linear decay to zero."""
    warm = min(1.0, step / max(1, spec.warmup_steps))
    decay_steps = max(1, round(spec.max_steps * spec.decay_share))
    left = min(1.0, (spec.max_steps - step + 1) / decay_steps)
    return spec.learning_rate * min(warm, left)


def _step(
    model: BertForQuestionAnswering,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    spec: ReaderTrainSpec,
    step: int,
    device: torch.device,
    running_loss: float,
) -> float:
    """Take one optimizer step and return the smoothed loss."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(step, spec.optimizer)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=spec.precision == "bf16"):
        output = model(
            input_ids=batch.token_ids.to(device),
            attention_mask=batch.attention_mask.to(device),
            token_type_ids=batch.type_ids.to(device),
        )
    loss = marginal_span_loss(
        output.start_logits,
        output.end_logits,
        batch.allowed.to(device),
        batch.targets.to(device),
    )
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), spec.optimizer.max_gradient_norm)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    value = float(loss.detach())
    return value if math.isnan(running_loss) else 0.98 * running_loss + 0.02 * value


def _batches(
    files: list[list[EncodedQuestion]],
    tokenizer: Tokenizer,
    spec: ReaderTrainSpec,
    skip: int,
) -> Iterator[Batch]:
    """Yield the run's remaining batches, epoch after epoch, ``skip`` already taken."""
    cls_id, sep_id, pad_id = _special_ids(tokenizer)
    step, epoch = 0, 0
    while True:
        rng = random.Random(f"{spec.seed}/{epoch}")
        order = epoch_order([len(file) for file in files], spec.data, rng)
        encoded = [files[file][question] for file, question in order]
        windows = cut_windows(encoded, spec.windows, rng, (cls_id, sep_id))
        for chosen in epoch_batches(windows, spec.optimizer.batch_size, rng):
            if step == spec.optimizer.max_steps:
                return
            step += 1
            if step > skip:
                yield collate(chosen, pad_id)
        epoch += 1


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _tokenizer(path: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as exc:  # tokenizers raises a bare Exception for every failure
        raise ModelFolderInvalid(f"cannot read the tokenizer {path}: {exc}") from exc
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _special_ids(tokenizer: Tokenizer) -> tuple[int, int, int]:
    """Return the ids of [CLS], [SEP] and [PAD]."""
    cls_id, sep_id, pad_id = (tokenizer.token_to_id(t) for t in ("[CLS]", "[SEP]", "[PAD]"))
    if cls_id is None or sep_id is None or pad_id is None:
        raise ModelFolderInvalid("the tokenizer lacks [CLS], [SEP] or [PAD]: not a BERT tokenizer")
    return cls_id, sep_id, pad_id


def _base_model(path: Path) -> BertForQuestionAnswering:
    try:
        model = BertForQuestionAnswering.from_pretrained(
            path,
            local_files_only=True,
            use_safetensors=True,
            attn_implementation="sdpa",
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    except (OSError, ValueError) as exc:
        raise ModelFolderInvalid(f"cannot read the base model {path}: {exc}") from exc
    return model.float()


def _encode_file(path: Path, tokenizer: Tokenizer, spec: ReaderTrainSpec) -> list[EncodedQuestion]:
    questions = read_squad(path)
    encoded = encode_questions(questions, tokenizer, spec.windows.max_question_tokens)
    return list(tqdm(encoded, total=len(questions), desc=f"tokenize {path.name}", unit="q"))


def _optimizer(model: torch.nn.Module, spec: OptimizerSpec) -> torch.optim.AdamW:
    """Build AdamW; biases and layer norms are not decayed."""
    named = list(model.named_parameters())
    decayed = [p for name, p in named if p.ndim > 1]
    plain = [p for name, p in named if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": spec.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=spec.learning_rate, fused=True)


def _log_progress(output: Path, step: int, loss: float, tokens: int, seconds: float) -> None:
    line = {
        "step": step,
        "loss": round(loss, 4),
        "tokens": tokens,
        "seconds": round(seconds, 1),
    }
    with (output / "progress.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _write_finished(
    spec: ReaderTrainSpec, model: BertForQuestionAnswering, report: TrainReport
) -> None:
    """Write weights, config, tokenizer, spec and metrics: a model that says how it was made."""
    folder = spec.output / "model"
    model.eval().save_pretrained(folder)
    shutil.copyfile(spec.tokenizer, folder / "tokenizer.json")
    described = spec.model_dump(mode="json")
    (folder / "train.yaml").write_text(yaml.safe_dump(described, sort_keys=False))
    (folder / "metrics.json").write_text(json.dumps(asdict(report), indent=2) + "\n")
    with contextlib.suppress(OSError):
        shutil.rmtree(spec.output / "checkpoint")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
