"""NeMo's ``.nemo`` archives of question-answering models, as Hugging Face folders.

An archive is a tar, gzip or plain, of a YAML configuration, a torch file of weights, a
vocabulary, and for some the encoder's own configuration. Older ones keep the files' names;
newer ones put a hash before them, and ``nemo:`` before the hash in the configuration.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from answerable.index import ModelFolderInvalid

from .hugging_face import write_folder
from .megatron import converted
from .prepared import NullAnswer, Prepared
from .source_files import read_text
from .tar import is_tar, unpack_tar
from .torch_file import read_torch_tensors
from .yaml_files import read_yaml, value_at

Array = npt.NDArray[Any]
_CONFIG, _WEIGHTS = "model_config.yaml", "model_weights.ckpt"
_ENCODER, _HEAD = "bert_model.", "classifier.mlp.layer0."
_HASH = re.compile(r"[0-9a-f]{32}_")
_PREFIXES = {
    "albert": "albert.",
    "bert": "bert.",
    "distilbert": "distilbert.",
    "electra": "electra.",
    "megatron-bert": "bert.",
    "roberta": "roberta.",
}
_CLASSES = {
    "albert": "Albert",
    "bert": "Bert",
    "distilbert": "DistilBert",
    "electra": "Electra",
    "megatron-bert": "MegatronBert",
    "roberta": "Roberta",
}
_BERT_BASE = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
_BERT_LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
_SIZES = {"bert-base": _BERT_BASE, "bert-large": _BERT_LARGE}
_OLD_MASK_ROW = "embeddings.position_ids"  # counted, not learnt


def is_nemo(source: Path) -> bool:
    """Tell whether a file is an archive named ``.nemo``, or one that was renamed to ``.tlt``."""
    return source.suffix.lower() in (".nemo", ".tlt") and source.is_file() and is_tar(source)


def prepare_nemo(source: Path, work: Path) -> Prepared:
    """Write an archive's model as a Hugging Face folder below ``work``.

    Raises:
        ModelFolderInvalid: it is damaged, means harm, or holds no question-answering model.
    """
    unpacked, folder = work / "archive", work / "folder"
    unpacked.mkdir()
    folder.mkdir()
    names = unpack_tar(source, unpacked)
    if missing := {_CONFIG, _WEIGHTS} - set(names):
        raise ModelFolderInvalid(f"{source} is not a NeMo archive: no {min(missing)}")
    try:
        return _write(source, unpacked, names, folder)
    except ModelFolderInvalid as exc:
        reason = str(exc).replace(f"{unpacked}/", "")
        raise ModelFolderInvalid(f"cannot import {source}: {reason}") from exc


def _write(source: Path, work: Path, names: list[str], folder: Path) -> Prepared:
    settings = read_yaml(work / _CONFIG)
    _check_head(settings)
    tensors = read_torch_tensors(work / _WEIGHTS)
    if any(name.startswith(f"{_ENCODER}language_model.") for name in tensors):
        weights, config = _of_megatron(work, names, settings, tensors)
    else:
        weights, config = _of_encoder(work, names, settings, tensors)
    vocabulary = _artifact(work, names, settings, "tokenizer.vocab_file", "vocab.txt")
    if vocabulary is None:
        raise ModelFolderInvalid("it holds no vocabulary: bring an archive that has vocab.txt")
    lower_case = _lower_case(settings)
    write_folder(folder, config, weights, vocabulary, lower_case=lower_case)
    return Prepared(
        "hugging-face",
        folder,
        {source.name: source},
        null_answer=_null_answer(settings),
        max_seq_tokens=_max_seq_tokens(settings, config),
        lower_case=lower_case,
    )


def _of_encoder(
    work: Path, names: list[str], settings: Mapping[str, Any], tensors: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, Any]]:
    config = _encoder_config(work, names, settings, tensors)
    kind = config.get("model_type", "bert")
    if not isinstance(kind, str) or kind not in _PREFIXES:
        raise ModelFolderInvalid(f"its encoder is of type {str(kind)[:40]!r}, which is not known")
    config |= {"model_type": kind, "architectures": [f"{_CLASSES[kind]}ForQuestionAnswering"]}
    weights = {
        _PREFIXES[kind] + name.removeprefix(_ENCODER): value
        for name, value in tensors.items()
        if name.startswith(_ENCODER)
        and not name.startswith(f"{_ENCODER}pooler.")
        and name != _ENCODER + _OLD_MASK_ROW
    }
    return weights | _outputs(tensors), config


def _of_megatron(
    work: Path, names: list[str], settings: Mapping[str, Any], tensors: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, Any]]:
    prefix = f"{_ENCODER}language_model."
    inner = {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix) and ".pooler." not in name
    }
    said = _json(work, names, "megatron_checkpoint_version.json")
    encoder = _json(work, names, "config.json") | (
        value_at(settings, "language_model.config") or {}
    )
    weights, config = converted(
        inner,
        said.get("checkpoint_version", 0.0),
        n_heads=encoder.get("num_attention_heads", encoder.get("num-attention-heads")),
    )
    # NeMo starts Megatron-LM with its defaults, and so with the fused kernel of this form.
    config |= {"architectures": ["MegatronBertForQuestionAnswering"], "hidden_act": "gelu_new"}
    return weights | _outputs(tensors), config


def _check_head(settings: Mapping[str, Any]) -> None:
    head = value_at(settings, "token_classifier", {})
    if not isinstance(head, Mapping):
        raise ModelFolderInvalid("its token_classifier is not a section")
    if head.get("num_layers", 1) != 1 or head.get("num_classes", 2) != 2:
        raise ModelFolderInvalid(
            "its token_classifier is not one layer of two outputs, as question answering has it"
        )
    if head.get("log_softmax"):
        raise ModelFolderInvalid("its token_classifier ends in log_softmax: no logits come of it")


def _outputs(tensors: Mapping[str, Array]) -> dict[str, Array]:
    weight, bias = tensors.get(f"{_HEAD}weight"), tensors.get(f"{_HEAD}bias")
    if weight is None or bias is None or weight.ndim != 2 or len(weight) != 2 or bias.shape != (2,):
        raise ModelFolderInvalid(f"it is no question-answering model: no {_HEAD}weight of two rows")
    return {"qa_outputs.weight": weight, "qa_outputs.bias": bias}


def _encoder_config(
    work: Path, names: list[str], settings: Mapping[str, Any], tensors: Mapping[str, Array]
) -> dict[str, Any]:
    """Return what the archive says of its encoder, else what its name and its tensors say."""
    inline = value_at(settings, "language_model.config")
    if isinstance(inline, Mapping) and inline:
        return dict(inline)
    artifact = _artifact(work, names, settings, "language_model.config_file", "encoder_config.json")
    if artifact is not None:
        return _json_object(artifact)
    words = tensors.get(f"{_ENCODER}embeddings.word_embeddings.weight")
    places = tensors.get(f"{_ENCODER}embeddings.position_embeddings.weight")
    named = str(value_at(settings, "language_model.pretrained_model_name", ""))
    size = next((size for name, size in _SIZES.items() if named.startswith(name)), None)
    if size is None or words is None or places is None:
        raise ModelFolderInvalid("it says nothing of its encoder's size: no encoder_config.json")
    return {
        **size,
        "model_type": "bert",
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "type_vocab_size": 2,
        "vocab_size": words.shape[0],
        "max_position_embeddings": places.shape[0],
    }


def _artifact(
    work: Path, names: list[str], settings: Mapping[str, Any], key: str, ending: str
) -> Path | None:
    """Return the file that a key of the configuration names, or the one with an ending."""
    said = value_at(settings, key)
    if isinstance(said, str):
        name = Path(said.removeprefix("nemo:")).name
        if name in names:
            return work / name
    found = [name for name in names if _HASH.sub("", name).endswith(ending)]
    if len(found) > 1:
        raise ModelFolderInvalid(f"it holds several files that could be its {ending}")
    return work / found[0] if found else None


def _json(work: Path, names: list[str], ending: str) -> dict[str, Any]:
    found = [name for name in names if name.endswith(ending)]
    return _json_object(work / found[0]) if len(found) == 1 else {}


def _json_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(read_text(path, 1 << 20))
    except (ValueError, RecursionError) as exc:
        raise ModelFolderInvalid(f"{path} is not JSON") from exc
    if not isinstance(value, dict):
        raise ModelFolderInvalid(f"{path} holds no JSON object")
    return value


def _lower_case(settings: Mapping[str, Any]) -> bool | None:
    """Return what the tokenizer's name says, else the data set's flag."""
    name = str(value_at(settings, "tokenizer.tokenizer_name", "")).lower()
    for ending, case in {"uncased": True, "cased": False}.items():
        if ending in name:
            return case
    said = value_at(settings, "dataset.do_lower_case")
    return said if isinstance(said, bool) else None


def _null_answer(settings: Mapping[str, Any]) -> NullAnswer | None:
    said = value_at(settings, "dataset.version_2_with_negative")
    if not isinstance(said, bool):
        return None
    return "trained" if said else "none"


def _max_seq_tokens(settings: Mapping[str, Any], config: Mapping[str, Any]) -> int | None:
    """Return the window that the model was trained with, if the encoder takes it."""
    said, longest = (
        value_at(settings, "dataset.max_seq_length"),
        config.get("max_position_embeddings"),
    )
    if isinstance(said, bool) or not isinstance(said, int) or not isinstance(longest, int):
        return None
    return min(said, longest)
