"""NeMo's ``key.sub=value`` arguments, as its Hydra scripts take them, in our words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SECTIONS = ("model.", "trainer.", "exp_manager.", "test_ds.", "validation_ds.")
_SINGLE_KEYS = ("do_training", "pretrained_model")
_FILES = ("model.test_ds.file", "model.validation_ds.file", "test_ds.file", "validation_ds.file")
_OPTIONS: Mapping[str, str] = {
    "exp_manager.exp_dir": "--output-dir",
    "model.dataset.doc_stride": "--doc-stride",
    "model.dataset.max_answer_length": "--max-answer-length",
    "model.dataset.max_query_length": "--max-query-length",
    "model.dataset.max_seq_length": "--max-seq-length",
    "model.dataset.n_best_size": "--n-best-size",
    "model.dataset.null_score_diff_threshold": "--null-score-diff-threshold",
    "model.nemo_path": "--model",
    "pretrained_model": "--model",
}
_COUNTS = ("model.test_ds.num_samples", "model.validation_ds.num_samples", "test_ds.num_samples")
_TRUE, _FALSE = ("true", "True", "1"), ("false", "False", "0")


@dataclass(frozen=True, slots=True)
class HydraArguments:
    """A command line, and what of it has no meaning here.

    Attributes:
        arguments: ours, all keys of theirs replaced.
        ignored: keys that were passed over.
        is_nemo: whether there were any.
    """

    arguments: list[str]
    ignored: list[str] = field(default_factory=list)
    is_nemo: bool = False


def from_hydra(arguments: Sequence[str]) -> HydraArguments:
    """Return a command line with NeMo's keys turned into the options of ``evaluate squad``.

    Raises:
        ValueError: it asks for training.
    """
    found: list[str] = []
    ignored: list[str] = []
    is_nemo = False
    for argument in arguments:
        key, separator, value = argument.partition("=")
        if not separator or not _is_theirs(key):
            found.append(argument)
            continue
        is_nemo = True
        if key == "do_training" and value in _TRUE:
            raise ValueError("do_training=true: see answerable train reader")
        ours = _ours(key, value)
        if not ours:
            ignored.append(key)
        found += ours
    return HydraArguments(found, ignored, is_nemo)


def _is_theirs(key: str) -> bool:
    return key.startswith(_SECTIONS) or key in _SINGLE_KEYS


def _ours(key: str, value: str) -> list[str]:
    if key in _FILES:
        return [value]
    if key in _OPTIONS:
        return [f"{_OPTIONS[key]}={value}"]
    if key in _COUNTS:
        return [f"--max-questions={value}"] if value.isdigit() and value != "0" else []
    if key == "model.dataset.version_2_with_negative" and value in (*_TRUE, *_FALSE):
        return [f"--answers={'threshold' if value in _TRUE else 'forced'}"]
    if key == "model.dataset.do_lower_case" and value in _TRUE:
        return ["--do-lower-case"]
    return []
