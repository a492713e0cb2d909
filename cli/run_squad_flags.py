"""``run_squad.py``'s flags, so that its command line works here: what each is called by us.

A flag with an underscore is that script's. Those of its training are refused with where they belong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_TRAINING: Mapping[str, str] = {
    "do_train": "answerable train reader SPEC.yaml is the command for it",
    "train_file": "put its path under train in the spec",
    "learning_rate": "put learning_rate into the spec",
    "num_train_epochs": "put epochs into the spec",
    "max_steps": "put max_steps into the spec",
    "per_gpu_train_batch_size": "put batch_tokens into the spec",
    "gradient_accumulation_steps": "put batch_tokens into the spec: batches are as large as it says",
    "weight_decay": "put weight_decay into the spec",
    "warmup_steps": "put warmup_share into the spec",
    "adam_epsilon": "the optimizer's is fixed",
    "max_grad_norm": "the optimizer's is fixed",
    "logging_steps": "training reports by itself",
    "save_steps": "training saves by itself, and resumes",
    "evaluate_during_training": "training validates by itself",
    "eval_all_checkpoints": "give the folder of each checkpoint to --model",
    "fp16": "precision is chosen by what the machine has",
    "fp16_opt_level": "precision is chosen by what the machine has",
    "local_rank": "training runs in one process",
    "lang_id": "no reader here has language embeddings",
}
_NO_EFFECT = frozenset(
    ("do_eval", "no_cuda", "overwrite_output_dir", "overwrite_cache", "verbose_logging")
)
_NO_EFFECT_WITH_VALUE = frozenset(
    (
        "cache_dir",
        "config_name",
        "eval_batch_size",
        "model_type",
        "per_gpu_eval_batch_size",
        "threads",
        "tokenizer_name",
    )
)
_OURS: Mapping[str, str] = {
    "doc_stride": "--doc-stride",
    "do_lower_case": "--do-lower-case",
    "max_answer_length": "--max-answer-length",
    "max_query_length": "--max-query-length",
    "max_seq_length": "--max-seq-length",
    "model_name_or_path": "--model",
    "n_best_size": "--n-best-size",
    "null_score_diff_threshold": "--null-score-diff-threshold",
    "output_dir": "--output-dir",
    "version_2_with_negative": "--version-2-with-negative",
}
_FILE = "predict_file"
_FOLDER = "data_dir"


class TrainingFlag(ValueError):
    """A flag of the script's training half."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A command line in our words.

    Attributes:
        arguments: for ``evaluate squad``.
        is_run_squad: whether it was one of the script's.
        ignored: flags that change nothing here.
    """

    arguments: list[str]
    is_run_squad: bool
    ignored: tuple[str, ...]


def translated(arguments: Sequence[str]) -> Translated:
    """Return a command line with ``run_squad.py``'s flags in our words; others stay.

    Raises:
        TrainingFlag: one of them is of training; it says where that belongs.
    """
    ours: list[str] = []
    ignored: list[str] = []
    file = folder = None
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, has_value, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--"):
            ours.append(argument)
        elif name in _TRAINING:
            raise TrainingFlag(f"--{name} is of training: {_TRAINING[name]} (docs/training.md)")
        elif name in _OURS and _OURS[name] != f"--{name}":
            ours.append(_OURS[name] + (f"={value}" if has_value else ""))
        elif name in (_FILE, _FOLDER) or name in _NO_EFFECT_WITH_VALUE:
            value = value if has_value else rest.pop(0) if rest else ""
            file = value if name == _FILE else file
            folder = value if name == _FOLDER else folder
            if name in _NO_EFFECT_WITH_VALUE:
                ignored.append(f"--{name}")
        elif name in _NO_EFFECT:
            ignored.append(f"--{name}")
        else:
            ours.append(argument)
    if file is not None:
        ours.append(f"{folder.rstrip('/')}/{file}" if folder else file)
    is_run_squad = file is not None or any(
        argument.removeprefix("--").partition("=")[0] in _OURS and "_" in argument.partition("=")[0]
        for argument in arguments
    )
    return Translated(ours, is_run_squad, tuple(ignored))
