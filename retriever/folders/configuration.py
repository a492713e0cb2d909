"""What a Sentence Transformers folder says of how its model must be run.

Reads ``modules.json``, the pooling's and the dense layers' ``config.json``,
``config_sentence_transformers.json`` and ``sentence_bert_config.json`` as versions 2 to 6 of the
library wrote them. Nothing in them is trusted: a value of another type is an error with the
file's name.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.index import ModelFolderInvalid

# Longest input where the folder sets no limit: what most encoders were trained with.
_USUAL_MAX_TOKENS = 512
_MOST_TOKENS = 32_768  # tokenizers without a limit say 10 ** 30
_TRANSFORMER_CONFIGS = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
# The names of up to version 5, and of the argument that replaced them.
POOLING_MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_QUERY_PROMPTS = ("query",)
_PASSAGE_PROMPTS = ("document", "passage", "corpus")


@dataclass(frozen=True, slots=True)
class FolderConfig:
    """A Sentence Transformers folder, as read.

    Attributes:
        folder: of the whole model.
        transformer: of its first module: tokenizer, and weights or ONNX file.
        onnx: the ONNX file; None where there is none.
        width: of a token's vector.
        pooling: modes, whose results are joined in this order.
        includes_prompt: whether a prompt's own tokens are pooled.
        dense: folders of dense layers that follow the pooling, in order.
        max_tokens: longest text, special tokens and prompt included.
        is_lower_cased: texts are lower-cased before the tokenizer sees them.
        query_prompt: stands before every question; may be empty.
        passage_prompt: stands before every passage; may be empty.
        similarity: what the model was made for, such as ``cosine`` or ``dot``; may be empty.
        unknown: what only Sentence Transformers itself can run; empty where we can.
    """

    folder: Path
    transformer: Path
    onnx: Path | None
    width: int
    pooling: tuple[str, ...]
    includes_prompt: bool
    dense: tuple[Path, ...]
    max_tokens: int
    is_lower_cased: bool
    query_prompt: str
    passage_prompt: str
    similarity: str
    unknown: str


def read_configuration(folder: Path) -> FolderConfig:
    """Read a Sentence Transformers folder, weights not included.

    Raises:
        ModelFolderInvalid: a file is missing, or says what it cannot mean.
    """
    modules = list(_modules(folder))
    kinds = [kind for kind, _ in modules]
    if "Transformer" not in kinds[:1]:
        raise ModelFolderInvalid(f"{folder / 'modules.json'}: the first module is no Transformer")
    by_kind = dict(modules)
    transformer = by_kind["Transformer"]
    known = {"Transformer", "Pooling", "Dense", "Normalize"}
    unknown = ", ".join(dict.fromkeys(kind for kind in kinds if kind not in known))
    if not unknown and kinds[1:2] != ["Pooling"]:
        unknown = "a model without pooling"
    config = read_object(transformer / "config.json")
    pooling_file = by_kind.get("Pooling", folder / "1_Pooling") / "config.json"
    pooling = read_object(pooling_file) if "Pooling" in by_kind else {}
    settings = _transformer_settings(transformer)
    prompts = read_prompts(folder)
    return FolderConfig(
        folder=folder,
        transformer=transformer,
        onnx=find_onnx(transformer),
        width=_width(config, pooling, pooling_file),
        pooling=pooling_modes(pooling, pooling_file),
        includes_prompt=pooling.get("include_prompt", True) is not False,
        dense=tuple(path for kind, path in modules if kind == "Dense"),
        max_tokens=_max_tokens(transformer, config, settings),
        is_lower_cased=settings.get("do_lower_case") is True,
        query_prompt=prompts["query"],
        passage_prompt=prompts["passage"],
        similarity=prompts["similarity"],
        unknown=unknown,
    )


def find_onnx(transformer: Path) -> Path | None:
    """Return the ONNX file of a model: ``model.onnx`` or ``onnx/model.onnx``, or the only one.

    Raises:
        ModelFolderInvalid: there are several, none of them of this name.
    """
    for path in (transformer / "model.onnx", transformer / "onnx" / "model.onnx"):
        if path.is_file():
            return path
    found = sorted({*transformer.glob("*.onnx"), *transformer.glob("onnx/*.onnx")})
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise ModelFolderInvalid(
            f"{transformer} has several ONNX files ({names}): name one model.onnx"
        )
    return found[0] if found else None


def pooling_modes(config: dict[str, Any], path: Path) -> tuple[str, ...]:
    """Return the pooling modes that a ``1_Pooling/config.json`` names; mean where it names none.

    Raises:
        ModelFolderInvalid: one is not known.
    """
    named = config.get("pooling_mode")
    if named is None:
        return tuple(mode for key, mode in POOLING_MODES.items() if config.get(key)) or ("mean",)
    modes = [named] if isinstance(named, str) else named
    known = tuple(POOLING_MODES.values())
    if not isinstance(modes, list) or not modes or any(mode not in known for mode in modes):
        raise ModelFolderInvalid(f"{path}: pooling_mode {named!r} is not supported")
    return tuple(modes)


def read_object(path: Path, *, may_miss: bool = False) -> dict[str, Any]:
    """Read a JSON object; an empty one where the file may miss and does.

    Raises:
        ModelFolderInvalid: it cannot be read, or is something else.
    """
    if may_miss and not path.exists():
        return {}
    value = _read_json(path)
    if not isinstance(value, dict):
        raise ModelFolderInvalid(f"{path} holds no JSON object")
    return value


def read_prompts(folder: Path) -> dict[str, str]:
    """Return the prompts for a ``query`` and a ``passage``, and the ``similarity``; empty if unset.

    Raises:
        ModelFolderInvalid: they are no texts.
    """
    path = folder / "config_sentence_transformers.json"
    config = read_object(path, may_miss=True)
    prompts = config.get("prompts") or {}
    if not isinstance(prompts, dict) or not all(
        isinstance(v, str | None) for v in prompts.values()
    ):
        raise ModelFolderInvalid(f"{path}: prompts are no texts")
    chosen = {
        role: next((prompts[name] for name in names if prompts.get(name)), "")
        for role, names in (("query", _QUERY_PROMPTS), ("passage", _PASSAGE_PROMPTS))
    }
    return {**chosen, "similarity": str(config.get("similarity_fn_name") or "")}


def _modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield kind and folder of each module, in order."""
    path = folder / "modules.json"
    modules = _read_json(path)
    if not isinstance(modules, list) or not modules:
        raise ModelFolderInvalid(f"{path} holds no list of modules")
    for module in modules:
        kind = module.get("type") if isinstance(module, dict) else None
        place = module.get("path", "") if isinstance(module, dict) else None
        if not isinstance(kind, str) or not isinstance(place, str):
            raise ModelFolderInvalid(f"{path}: a module has no type or no path")
        if Path(place).is_absolute() or ".." in Path(place).parts:
            raise ModelFolderInvalid(f"{path}: module path {place!r} leads out of the folder")
        yield kind.rpartition(".")[2], folder / place


def _width(config: dict[str, Any], pooling: dict[str, Any], path: Path) -> int:
    values = (
        pooling.get("embedding_dimension"),
        pooling.get("word_embedding_dimension"),
        config.get("hidden_size"),
        config.get("dim"),  # of DistilBERT
    )
    width = next((value for value in values if value is not None), None)
    if not isinstance(width, int) or isinstance(width, bool) or not 0 < width <= 65_536:
        raise ModelFolderInvalid(f"{path}: {width!r} is no width of a vector")
    return width


def _transformer_settings(transformer: Path) -> dict[str, Any]:
    paths = [transformer / name for name in _TRANSFORMER_CONFIGS]
    found = next((path for path in paths if path.exists()), paths[0])
    return read_object(found, may_miss=True)


def _max_tokens(transformer: Path, config: dict[str, Any], settings: dict[str, Any]) -> int:
    tokenizer = read_object(transformer / "tokenizer_config.json", may_miss=True)
    limits = {
        "max_seq_length": settings.get("max_seq_length"),
        "model_max_length": tokenizer.get("model_max_length"),
        "max_position_embeddings": config.get("max_position_embeddings"),
    }
    usable = []
    for name, limit in limits.items():
        if limit is None or limit == -1:  # XLNet's way to say that there is none
            continue
        if not isinstance(limit, int | float) or isinstance(limit, bool) or limit < 3:
            raise ModelFolderInvalid(f"{transformer}: {name} is {limit!r}")
        if limit <= _MOST_TOKENS:
            usable.append(int(limit))
    return min(usable, default=_USUAL_MAX_TOKENS)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise ModelFolderInvalid(f"{path} cannot be read: {reason}") from exc
