"""A Sentence Transformers folder as an encoder: on ONNX Runtime, or through the library."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.normalizers import Lowercase, Sequence

from answerable.index import (
    Encoder,
    ModelFolderInvalid,
    ModelManifest,
    available_cores,
    read_tokenizer,
    sha256_of_file,
)

from ..encoder import OnnxEncoder
from .configuration import FolderConfig, read_configuration
from .dense_layer import WEIGHTS_NAME, load_dense, output_width, unknown_in
from .pooled_session import PooledSession, load_graph
from .prompted import PromptedEncoder, Prompts

logger = logging.getLogger(__name__)

TOKENIZER_NAME = "tokenizer.json"
_WEIGHT_PATTERNS = ("*.safetensors", "*.bin")
_CONFIG_PATTERNS = ("*.json", "*.txt", "*.model")


@dataclass(frozen=True, slots=True)
class EncoderFolder:
    """A folder that was read and how its model will be run.

    Attributes:
        needs_library: why it is run by Sentence Transformers itself; empty for ONNX Runtime.
    """

    config: FolderConfig
    manifest: ModelManifest
    needs_library: str


def read_folder(folder: Path) -> EncoderFolder:
    """Read what is to know of a folder without loading its model.

    Raises:
        ModelFolderInvalid: it is incomplete, or says what it cannot mean.
    """
    config = read_configuration(folder)
    reason = _needs_library(config)
    used = [*_files(folder, _CONFIG_PATTERNS), *_weights(config, reason)]
    lengths = [_token_count(config, p) for p in (config.query_prompt, config.passage_prompt)]
    if max(lengths) > config.max_tokens // 2:
        raise ModelFolderInvalid(f"{folder}: a prompt leaves no room for the text behind it")
    settings = {
        "dimension": _dimension(config),
        "max_tokens": config.max_tokens - lengths[1],
        "runtime": "sentence-transformers" if reason else "onnxruntime",
    }
    manifest = ModelManifest(
        name=folder.resolve().name,
        kind="encoder",
        licence="NOASSERTION",
        source=str(folder),
        files={path.relative_to(folder).as_posix(): sha256_of_file(path) for path in used},
        settings=settings,
    )
    return EncoderFolder(config, manifest, reason)


def open_folder(read: EncoderFolder, threads: int | None) -> Encoder:
    """Load the model of a folder.

    Args:
        read: the folder.
        threads: None for one per available core.

    Raises:
        ModelFolderInvalid: the model cannot be loaded, or needs the ``models`` extra.
    """
    config = read.config
    if config.similarity not in {"", "cosine"} and not _is_normalized(config):
        logger.warning(
            "%s was made for %s similarity; here it is compared by cosine",
            config.folder,
            config.similarity,
        )
    if read.needs_library:
        from .library_encoder import LibraryEncoder

        return LibraryEncoder.load(read.config, read.manifest, read.needs_library, threads)
    return _on_onnx_runtime(read, threads or available_cores())


def load_tokenizer(config: FolderConfig) -> Tokenizer:
    """Load a folder's tokenizer, lower-casing first where the folder says so.

    Raises:
        ModelFolderInvalid: there is none, or it cannot be read.
    """
    tokenizer = read_tokenizer(config.transformer / TOKENIZER_NAME)
    if config.is_lower_cased:
        steps = [Lowercase(), *([tokenizer.normalizer] if tokenizer.normalizer else [])]
        tokenizer.normalizer = Sequence(steps)
    return tokenizer


def _on_onnx_runtime(read: EncoderFolder, threads: int) -> Encoder:
    config, prompts = read.config, Prompts(read.config.query_prompt, read.config.passage_prompt)
    assert config.onnx is not None  # else it needs the library
    graph, width = load_graph(config.onnx), config.width * len(config.pooling)
    if graph.is_pooled and not config.includes_prompt and any((prompts.query, prompts.passage)):
        raise ModelFolderInvalid(
            f"{config.onnx} pools the prompt, which {config.folder} leaves out"
        )
    dense = []
    for folder in config.dense:
        dense.append(load_dense(folder, width))
        width = output_width(folder)
    # The model takes a prompt and a text; callers only hear of what is left for the text.
    whole = replace(
        read.manifest, settings={**read.manifest.settings, "max_tokens": config.max_tokens}
    )

    def side(prompt: str) -> OnnxEncoder:
        tokenizer = load_tokenizer(config)
        skip = 0 if config.includes_prompt or not prompt else _prompt_length(tokenizer, prompt)
        session = PooledSession(graph, config.width, config.pooling, dense, skip)
        return OnnxEncoder(whole, tokenizer, session, threads)

    passages = side(prompts.passage)
    questions = passages if prompts.query == prompts.passage else side(prompts.query)
    return PromptedEncoder(questions, passages, prompts, read.manifest)


def _token_count(config: FolderConfig, prompt: str) -> int:
    if not prompt:
        return 0
    return len(load_tokenizer(config).encode(prompt, add_special_tokens=False).ids)


def _prompt_length(tokenizer: Tokenizer, prompt: str) -> int:
    """Count the leading tokens of a text with a prompt that are the prompt's."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    encoding = tokenizer.encode(prompt)
    # What is added behind the prompt stands behind the whole text, later on.
    return len(encoding.ids) - int(encoding.special_tokens_mask[-1])


def _needs_library(config: FolderConfig) -> str:
    if config.unknown:
        return config.unknown
    if config.onnx is None:
        return "no ONNX file"
    if not (config.transformer / TOKENIZER_NAME).is_file():
        return f"no {TOKENIZER_NAME}"
    return next((reason for folder in config.dense if (reason := unknown_in(folder))), "")


def _is_normalized(config: FolderConfig) -> bool:
    text = (config.folder / "modules.json").read_text(encoding="utf-8")
    return "Normalize" in text


def _dimension(config: FolderConfig) -> int:
    width = config.width * max(1, len(config.pooling))
    return output_width(config.dense[-1]) if config.dense else width


def _weights(config: FolderConfig, reason: str) -> list[Path]:
    """Return the files of weights that will be read."""
    if not reason and config.onnx:
        beside = sorted(config.onnx.parent.glob(f"{config.onnx.name}*"))  # with external data
        return [*beside, *(folder / WEIGHTS_NAME for folder in config.dense)]
    return _files(config.folder, _WEIGHT_PATTERNS)


def _files(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    """Return the files of a folder and of its modules, without what belongs to a repository."""
    found = {path for pattern in patterns for path in folder.glob(pattern)}
    found |= {path for pattern in patterns for path in folder.glob(f"[0-9]*_*/{pattern}")}
    return sorted(path for path in found if path.is_file())
