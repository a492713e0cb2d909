"""Training specs under NeMo's and TAO's keys, turned into ours.

Their YAML files, and their ``model.train_ds.file=...`` overrides, say nearly the same as a spec
of ours. What has no meaning here, such as the number of loader processes, is passed over; what
would make another model, such as a head of two layers, is refused.

Source: NeMo's conf/question_answering_squad.yaml and conf/qa_conf.yaml; the train.yaml and
finetune.yaml of TAO's question_answering.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import TrainSpecInvalid
from ..evaluation.squad import read_squad

_TRAIN_SETS = ("train_ds", "training_ds", "finetuning_ds")
_SECTIONS = (
    *("model", "trainer", "optim", "exp_manager", "validation_ds", "test_ds"),
    *_TRAIN_SETS,
)
_SINGLE_KEYS = ("do_training", "pretrained_model", "restore_from", "save_to", "encryption_key")

_ALIASES = {
    "dataset.max_query_length": "windows.max_question_tokens",
    "dataset.max_seq_length": "windows.max_seq_tokens",
    "exp_manager.exp_dir": "output",
    "optim.lr": "optimizer.learning_rate",
    "optim.sched.warmup_steps": "optimizer.warmup_steps",
    "optim.weight_decay": "optimizer.weight_decay",
    "train_ds.batch_size": "optimizer.batch_size",
    "trainer.gradient_clip_val": "optimizer.max_gradient_norm",
    "trainer.max_steps": "optimizer.max_steps",
    "validation_ds.file": "validation.path",
    "validation_ds.num_samples": "validation.max_questions",
}
"""Keys that say the same, theirs without ``model.`` in front."""

_PRECISIONS = {"32": "fp32", "32-true": "fp32", "16": "bf16", "bf16": "bf16", "16-mixed": "bf16"}
_OPTIMIZERS = ("adam", "adamw", "adam_w", "fused_adam")
_PASSED_OVER = (-1, 0, None)  # how they write "no limit"
_UNLESS = ("trainer.max_steps", "trainer.gradient_clip_val", "validation_ds.num_samples")
_ONLY = {"num_layers": (1,), "num_classes": (2,), "log_softmax": (False,)}
_USUAL_BATCH = 24
_USUAL_EPOCHS = 2


def is_foreign(key: str) -> bool:
    """Tell whether a dotted key is one of theirs."""
    first = key.partition(".")[0]
    return first in _SECTIONS or key in _SINGLE_KEYS


def own_keys(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of our spec that a tree of their keys asks for.

    Args:
        tree: a whole file of theirs with overrides, or overrides alone.

    Raises:
        TrainSpecInvalid: it asks for what cannot be done here, or names a model or a data set
            that would have to be downloaded.
    """
    given = {key: value for key, value in _leaves(tree) if value is not None}
    _refuse_other_models(given)
    own: dict[str, Any] = {}
    for key, value in given.items():
        if key in _ALIASES and not (key in _UNLESS and value in _PASSED_OVER):
            _put(own, _ALIASES[key], value)
    if "path" not in own.get("validation", {"path": None}) and "train_ds.file" in given:
        del own["validation"]  # a whole file of theirs says how much to read of no file
    precision = given.get("trainer.precision")
    if precision is not None:
        if str(precision) not in _PRECISIONS:
            raise TrainSpecInvalid(f"trainer.precision {precision!r} is not 32, 16 or bf16")
        own["precision"] = _PRECISIONS[str(precision)]
    if given.get("train_ds.file"):
        own["data"] = [{"path": given["train_ds.file"]}]
    base = _base_model(given)
    if base is not None:
        own["base_model"] = str(base)
        own["tokenizer"] = str(_tokenizer(given, base))
    _put_steps(own, given)
    return own


def with_usual_values(own: dict[str, Any]) -> dict[str, Any]:
    """Return sections with what their training does where their files leave it unsaid.

    Windows are never cropped, the rate falls from its height to the end, and hidden states
    are dropped as in BERT's own fine-tuning.
    """
    usual: dict[str, Any] = {
        "windows": {"crop_share": 0.0, "max_seq_tokens": 384},
        "optimizer": {"learning_rate": 3e-5, "warmup_steps": 0, "decay_share": 1.0},
        "dropout": 0.1,
        "precision": "fp32",
    }
    usual["optimizer"]["batch_size"] = _USUAL_BATCH
    return merged(usual, own)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return one tree over another: sections are joined, values replaced."""
    tree = dict(below)
    for key, value in above.items():
        known = tree.get(key)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        tree[key] = merged(known, value) if both else value  # type: ignore[arg-type]  # see both
    return tree


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted keys with their values, without ``model.``, and with one name for data."""
    for key, value in tree.items():
        dotted = f"{prefix}{key}"
        if dotted == "model" and isinstance(value, Mapping):
            yield from _leaves(value)
        elif isinstance(value, Mapping):
            name = "train_ds" if dotted in _TRAIN_SETS else dotted
            yield from _leaves(value, f"{name}.")
        else:
            yield dotted, value


def _refuse_other_models(given: Mapping[str, Any]) -> None:
    for key, allowed in _ONLY.items():
        value = given.get(f"token_classifier.{key}")
        if value is not None and value not in allowed:
            raise TrainSpecInvalid(
                f"token_classifier.{key} is {value!r}: a reader here has one layer of two logits"
            )
    name = given.get("optim.name")
    if name is not None and str(name).lower() not in _OPTIMIZERS:
        raise TrainSpecInvalid(f"optim.name is {name!r}: only AdamW is there")
    if given.get("do_training") is False:
        raise TrainSpecInvalid('do_training is false: use "answerable evaluate squad"')
    if given.get("train_ds.num_samples", -1) not in _PASSED_OVER:
        raise TrainSpecInvalid(
            "train_ds.num_samples: the whole file is trained on; write a smaller one"
        )


def _base_model(given: Mapping[str, Any]) -> Path | None:
    """Return the folder of the model to start from."""
    keys = ("restore_from", "language_model.lm_checkpoint", "pretrained_model")
    key = next(
        (key for key in (*keys, "language_model.pretrained_model_name") if given.get(key)), ""
    )
    if not key:
        return None
    path = Path(str(given[key]))
    if path.is_dir():
        return path
    if path.is_file() and path.parent.joinpath("config.json").is_file():
        return path.parent  # of a checkpoint in a folder of Hugging Face's
    raise TrainSpecInvalid(
        f"{key} is {str(path)!r}, which is no folder here, and nothing is downloaded: give "
        "language_model.lm_checkpoint the folder of a model"
    )


def _tokenizer(given: Mapping[str, Any], base: Path) -> Path:
    said = given.get("tokenizer.vocab_file") or given.get("tokenizer.tokenizer_model")
    if isinstance(said, str) and said.endswith(".json"):
        return Path(said)
    path = base / "tokenizer.json"
    if not path.is_file():
        raise TrainSpecInvalid(
            f'{base} has no tokenizer.json: "answerable import-model" makes one of vocab.txt'
        )
    return path


def _put_steps(own: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Turn epochs, and a share of steps to warm up, into numbers of steps."""
    steps = own.get("optimizer", {}).get("max_steps")
    epochs = given.get("trainer.max_epochs", _USUAL_EPOCHS if "data" in own else None)
    if steps is None and epochs is not None and "data" in own:
        if not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
            raise TrainSpecInvalid(f"trainer.max_epochs is {epochs!r}, not a number of epochs")
        batch = own.get("optimizer", {}).get("batch_size", _USUAL_BATCH)
        if not isinstance(batch, int) or batch < 1:
            raise TrainSpecInvalid(f"batch_size is {batch!r}, not a number of questions")
        steps = epochs * math.ceil(len(read_squad(Path(own["data"][0]["path"]))) / batch)
        _put(own, "optimizer.max_steps", steps)
    elif steps is None and given.get("trainer.max_epochs") is not None:
        raise TrainSpecInvalid("trainer.max_epochs needs train_ds.file, or give trainer.max_steps")
    share = given.get("optim.sched.warmup_ratio")
    if share is not None and steps is not None:
        if not isinstance(share, int | float) or not 0 <= share <= 1:
            raise TrainSpecInvalid(f"optim.sched.warmup_ratio is {share!r}, not a share")
        _put(own, "optimizer.warmup_steps", round(share * steps))


def _put(tree: dict[str, Any], dotted: str, value: Any) -> None:
    *parents, leaf = dotted.split(".")
    for key in parents:
        tree = tree.setdefault(key, {})
    tree[leaf] = value
