"""The training run: from a spec to a finished model folder, resumable at any moment.

The order of examples, the crops, the dropout and the learning rate follow from the spec and
the step number alone, so a resumed run continues as if it had not stopped.
"""

import contextlib
import json
import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import PreTrainedModel

from answerable.index import ModelFolderInvalid

from ..errors import TrainSpecInvalid
from .allocator import STEPS_BETWEEN_RELEASES, keep_large_blocks, release_free_blocks
from .architectures import check_options
from .base_model import average_models, reinitialize_top
from .batches import Batch, run_batches
from .checkpoint import Progress, load_checkpoint, save_checkpoint
from .data import (
    SpecialIds,
    TrainingData,
    load_data,
    load_tokenizer,
    special_ids,
    tokenizer_file,
)
from .ema import WeightAverage
from .finished import TrainReport, write_finished
from .masked_words import MaskedWords, masked_word_model
from .masking import mask_tokens
from .master_weights import MasterWeights
from .objective import Objective
from .quantization_aware import make_quantization_aware
from .schedule import learning_rate
from .spec import ReaderTrainSpec
from .teachers import Teachers
from .validation import validate

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def train_reader(spec: ReaderTrainSpec, *, resume: bool) -> TrainReport:
    """Run a training spec to its end and write the finished folder under its output.

    Args:
        spec: the run.
        resume: continue from the last checkpoint; without it, an earlier one is discarded.

    Raises:
        ModelFolderInvalid: base model, teacher, tokenizer or checkpoint cannot be used.
        TrainSpecInvalid: an option is not for this base model.
        DatasetInvalid: a data file cannot be read.
    """
    keep_large_blocks()
    if spec.threads:
        torch.set_num_threads(spec.threads)
    # 1. The base model, which may refuse what the spec asks, and its tokenizer.
    model = _model(spec)
    tokenizer_path = tokenizer_file(spec, model.config)
    tokenizer = load_tokenizer(tokenizer_path, model.config.vocab_size)
    special = special_ids(tokenizer)
    # 2. Data to tokens, and weights from the base model or the last checkpoint.
    data = load_data(spec, tokenizer)
    objective = _objective(spec, model, special)
    master = MasterWeights(model, spec.optimizer, _DTYPES[spec.precision])
    average = WeightAverage(master, spec.ema_decay) if spec.ema_decay else None
    checkpoint = spec.output / "checkpoint"
    if not resume:
        shutil.rmtree(checkpoint, ignore_errors=True)
    progress = load_checkpoint(checkpoint, master, average)
    # 3. Steps.
    run = _Run(spec, model, master, average, objective, progress)
    with tqdm(
        total=spec.optimizer.max_steps, initial=progress.step, unit="step", desc="train"
    ) as bar:
        for batch in _batches(data, spec, special, skip=progress.step):
            run.step(batch)
            bar.set_postfix(run.rates(), refresh=False)
            bar.update()
            if run.is_due:
                run.save(checkpoint)
    # 4. The finished folder.
    model.float()
    master.write(average.weights if average else master.weights)
    metrics = validate(model, tokenizer, spec.validation) if spec.validation else None
    report = run.report(data, metrics)
    write_finished(spec, model, tokenizer_path, report, data.left_out)
    with contextlib.suppress(OSError):
        shutil.rmtree(checkpoint)
    return report


@dataclass(slots=True)
class _Run:
    """A run between two of its steps."""

    spec: ReaderTrainSpec
    model: PreTrainedModel
    master: MasterWeights
    average: WeightAverage | None
    objective: Callable[[PreTrainedModel, Batch], Tensor]
    before: Progress  # what earlier sittings did
    n_steps: int = 0
    n_tokens: int = 0
    loss: float = math.nan  # smoothed
    started: float = field(default_factory=time.monotonic)

    @property
    def at(self) -> int:
        """The number of steps done, counted from the run's very beginning."""
        return self.before.step + self.n_steps

    @property
    def is_due(self) -> bool:
        """Whether a checkpoint is written now."""
        optimizer = self.spec.optimizer
        return self.at % self.spec.checkpoint_every_steps == 0 or self.at == optimizer.max_steps

    def step(self, batch: Batch) -> None:
        """Take one optimizer step."""
        self.n_steps += 1
        torch.manual_seed(self.spec.seed * 1_000_003 + self.at)  # for dropout
        loss = self.objective(self.model, batch.to(self.model.device))
        loss.backward()
        self.master.step(learning_rate(self.at, self.spec.optimizer))
        if self.average is not None:
            self.average.update()
        if self.n_steps % STEPS_BETWEEN_RELEASES == 0:
            release_free_blocks()
        self.n_tokens += batch.n_tokens
        value = float(loss.detach())
        self.loss = value if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * value

    def rates(self) -> dict[str, str]:
        """Return what the progress bar shows."""
        seconds = time.monotonic() - self.started
        return {"loss": f"{self.loss:.3f}", "tokens_per_s": f"{self.n_tokens / seconds:.0f}"}

    def progress(self) -> Progress:
        """Return how far the run is, all its sittings together."""
        return Progress(
            self.at,
            self.before.tokens + self.n_tokens,
            self.before.seconds + time.monotonic() - self.started,
            self.average.updates if self.average else 0,
        )

    def save(self, checkpoint: Path) -> None:
        """Write a checkpoint and a line of progress."""
        now = self.progress()
        save_checkpoint(checkpoint, self.master, self.average, now)
        line = {"step": now.step, "loss": round(self.loss, 4), "tokens": now.tokens}
        with (self.spec.output / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, "seconds": round(now.seconds, 1)}) + "\n")

    def report(self, data: TrainingData, metrics: dict[str, float] | None) -> TrainReport:
        """Return what the run did."""
        now = self.progress()
        loss = None if math.isnan(self.loss) else self.loss
        return TrainReport(now.step, now.tokens, now.seconds, loss, data.sha256, metrics)


def _model(spec: ReaderTrainSpec) -> PreTrainedModel:
    """Make the model that the run starts from."""
    torch.manual_seed(spec.seed)
    model = average_models(spec.base_models, spec.dropout)
    check_options(spec, model.config)
    if spec.reinitialized_layers:
        reinitialize_top(model, spec.reinitialized_layers)
    if spec.quantization_aware:
        make_quantization_aware(model, spec.quantization_aware)
    if spec.objective == "masked_words":
        model = masked_word_model(model)
    return model.to(_device(spec.device)).train()


def _objective(
    spec: ReaderTrainSpec, model: PreTrainedModel, special: SpecialIds
) -> Callable[[PreTrainedModel, Batch], Tensor]:
    if spec.objective == "masked_words":
        return MaskedWords(_mask_id(special))
    teachers = None
    if spec.distillation:
        teachers = Teachers(spec.distillation, model.device, _DTYPES[spec.precision])
    return Objective(spec, teachers)


def _batches(
    data: TrainingData, spec: ReaderTrainSpec, special: SpecialIds, skip: int
) -> Iterator[Batch]:
    """Yield the run's remaining batches, with words hidden if the spec says so."""
    batches = run_batches(data.files, spec, special, skip)
    share = spec.windows.masked_share
    if not share:
        yield from batches
        return
    mask_id = _mask_id(special)
    for step, batch in enumerate(batches, start=skip):
        generator = torch.Generator().manual_seed(spec.seed * 1_000_003 + step)
        yield mask_tokens(batch, share, mask_id, generator, special.n_between)


def _mask_id(special: SpecialIds) -> int:
    if special.mask is None:
        raise ModelFolderInvalid("the tokenizer has no mask, which this spec needs")
    return special.mask


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainSpecInvalid("device: PyTorch finds no GPU here; take cpu, or auto")
    return torch.device(name)
