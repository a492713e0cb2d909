"""The training run: from a spec to a finished encoder folder, resumable at any moment.

The order of questions, the negatives, the crops and the learning rate follow from the spec and
the step alone, so a resumed run continues as if it had not stopped.
"""

import contextlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from tqdm import tqdm

from answerable.index import ModelFolderInvalid

from ..errors import RetrieverSpecInvalid
from ..folders import load_encoder
from .base_model import average_models
from .batches import Batch, run_batches, seen_questions
from .checkpoint import Progress, load_checkpoint, save_checkpoint
from .finished import RetrieverTrainReport, write_finished
from .loss import batch_loss
from .mining import mine
from .options import OptimizerSpec
from .pairs import LabelledQuestion, Passages
from .spec import RetrieverTrainSpec
from .validation import validate

_SMOOTHING = 0.95


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What the data files of a spec hold.

    Attributes:
        questions: to train on.
        left_out: questions of the articles that are not trained on.
        left_out_titles: of these articles, by file name.
        sha256: hex digest of every file, by name.
    """

    questions: Sequence[LabelledQuestion]
    left_out: Sequence[LabelledQuestion]
    left_out_titles: Mapping[str, list[str]]
    sha256: Mapping[str, str]


def train_retriever(
    spec: RetrieverTrainSpec, data: TrainingData, *, resume: bool
) -> RetrieverTrainReport:
    """Run a training spec to its end and write the finished folder under its output.

    Args:
        spec: the run.
        data: of the spec's files.
        resume: continue from the last checkpoint; without it, an earlier one is discarded.

    Raises:
        ModelFolderInvalid: base model, encoder or checkpoint cannot be used.
        RetrieverSpecInvalid: there are fewer questions than a batch holds.
    """
    if spec.threads:
        torch.set_num_threads(spec.threads)
    steps = spec.optimizer.max_steps
    if steps and len(data.questions) < spec.optimizer.batch_size:
        raise RetrieverSpecInvalid(
            f"optimizer.batch_size: {spec.optimizer.batch_size} is more than the "
            f"{len(data.questions)} questions that there are to train on"
        )
    # 1. Weights, from the base model or the last checkpoint.
    torch.manual_seed(spec.seed)
    model = average_models(spec.base_models, spec.dropout).to(_device(spec.device))
    longest = model.max_seq_length or spec.passages.max_passage_tokens
    optimizer = _optimizer(model, spec.optimizer)
    checkpoint = spec.output / "checkpoint"
    if not resume:
        shutil.rmtree(checkpoint, ignore_errors=True)
    progress = load_checkpoint(checkpoint, model, optimizer)
    # 2. Hard negatives for the questions that the run will see.
    passages = Passages(data.questions)
    seen = seen_questions(len(data.questions), spec) if steps else []
    negatives = _negatives(spec, data, passages, seen)
    # 3. Steps.
    run = _Run(spec, model.train(), optimizer, progress)
    with tqdm(total=steps, initial=progress.steps, unit="step", desc="train") as bar:
        if steps:
            for batch in run_batches(data.questions, negatives, passages, spec, progress.steps):
                run.step(batch)
                bar.set_postfix(run.rates(), refresh=False)
                bar.update()
                if run.is_due:
                    run.save(checkpoint)
    # 4. The finished folder.
    model.eval()
    model.max_seq_length = longest
    figures = None
    if spec.validation and data.left_out:
        figures = validate(model, data.left_out, spec.validation, longest)
        model.max_seq_length = longest
    done = run.progress
    report = RetrieverTrainReport(
        done.steps, done.tokens, done.seconds, done.loss, data.sha256, len(seen), figures
    )
    write_finished(spec, model, report, data.left_out_titles)
    with contextlib.suppress(OSError):
        shutil.rmtree(checkpoint)
    return report


class _Run:
    """A run between two of its steps."""

    def __init__(
        self,
        spec: RetrieverTrainSpec,
        model: SentenceTransformer,
        optimizer: torch.optim.Optimizer,
        progress: Progress,
    ) -> None:
        self._spec = spec
        self._model = model
        self._optimizer = optimizer
        self._tokens_before = progress.tokens
        self._seconds_before = progress.seconds
        self._started = time.monotonic()
        self._progress = progress

    @property
    def progress(self) -> Progress:
        """How far the run is, all its sittings together."""
        return self._progress

    @property
    def is_due(self) -> bool:
        """Whether a checkpoint is written now."""
        steps = self._progress.steps
        is_last = steps == self._spec.optimizer.max_steps
        return is_last or steps % self._spec.checkpoint_every_steps == 0

    def step(self, batch: Batch) -> None:
        """Take one optimizer step."""
        spec, now = self._spec, self._progress
        step = now.steps + 1
        torch.manual_seed(spec.seed * 1_000_003 + step)  # for dropout
        loss, n_tokens = batch_loss(self._model, batch, spec)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), spec.optimizer.max_gradient_norm)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(step, spec.optimizer)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        value = float(loss.detach())
        self._progress = Progress(
            steps=step,
            tokens=now.tokens + n_tokens,
            seconds=self._seconds_before + time.monotonic() - self._started,
            loss=value if now.loss is None else _SMOOTHING * now.loss + (1 - _SMOOTHING) * value,
        )

    def rates(self) -> dict[str, str]:
        """Return what the progress bar shows."""
        now = self._progress
        seconds = max(1e-9, now.seconds - self._seconds_before)
        return {
            "loss": f"{now.loss or 0:.3f}",
            "tokens_per_s": f"{(now.tokens - self._tokens_before) / seconds:.0f}",
        }

    def save(self, checkpoint: Path) -> None:
        """Write a checkpoint and a line of progress."""
        now = replace(self._progress, seconds=round(self._progress.seconds, 1))
        save_checkpoint(checkpoint, self._model, self._optimizer, now)
        line = {"step": now.steps, "loss": now.loss, "tokens": now.tokens, "seconds": now.seconds}
        with (self._spec.output / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def learning_rate(step: int, spec: OptimizerSpec) -> float:
    """Return the rate of a step counted from 1: linear warm-up, then linear decay to zero."""
    warm = step / max(1, spec.warmup_steps)
    left = (spec.max_steps - step + 1) / max(1, spec.max_steps - spec.warmup_steps)
    return spec.learning_rate * min(1.0, warm, left)


def _negatives(
    spec: RetrieverTrainSpec, data: TrainingData, passages: Passages, seen: Sequence[int]
) -> list[list[int]] | None:
    """Return hard negatives of every question, empty for those the run does not see."""
    if spec.negatives is None or not seen:
        return None
    encoder = load_encoder(spec.negatives.encoder, spec.threads or None)
    found = mine(
        [data.questions[number] for number in seen],
        passages,
        encoder,
        spec.negatives,
        spec.output / "negatives.json",
    )
    by_number = dict(zip(seen, found, strict=True))
    return [by_number.get(number, []) for number in range(len(data.questions))]


def _optimizer(model: SentenceTransformer, spec: OptimizerSpec) -> torch.optim.Optimizer:
    """Return AdamW; biases and layer norms are not decayed."""
    parameters = [weight for weight in model.parameters() if weight.requires_grad]
    if not parameters:
        raise ModelFolderInvalid("the base model has no weights to train")
    groups = [
        {"params": [w for w in parameters if w.ndim > 1], "weight_decay": spec.weight_decay},
        {"params": [w for w in parameters if w.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=spec.learning_rate, fused=True)


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise RetrieverSpecInvalid("device: PyTorch finds no GPU here; take cpu, or auto")
    return torch.device(name)
