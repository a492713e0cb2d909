"""The tokenizer of a source folder as one checked ``tokenizer.json``.

A ``tokenizer.json`` is taken as it is, under the settings that the files beside it state; else
one is built of the vocabulary. What it gives is checked against the model's word table, so that
no text can ask for a row that is not there.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from answerable.index import ModelFolderInvalid

from .architectures import Architecture
from .configuration import read_json_object
from .source_files import read_text, source_file
from .vocabularies import CaseRules, byte_pairs, sentence_pieces, word_pieces

TOKENIZER_NAME = "tokenizer.json"
_SETTINGS_NAME = "tokenizer_config.json"
_SETTINGS_BYTES = 16 << 20  # versions 4 and 5 list every added token in it
_PIECE_FILES = ("spiece.model", "spm.model", "sentencepiece.bpe.model", "tokenizer.model")
_SAMPLE = "The Café at Nº 7 opens at 9:30, doesn't it? [MASK]"


@dataclass(frozen=True, slots=True)
class TokenizerFacts:
    """What a tokenizer was made of.

    Attributes:
        made_from: names of the files.
        kind: of its model, as ``WordPiece``.
        lower_case: whether capitals are lost; None where that cannot be told.
        strip_accents: likewise accents; None for as ``lower_case``.
        mask_token: that stands for a missing word; None if it has none.
    """

    made_from: tuple[str, ...]
    kind: str
    lower_case: bool | None
    strip_accents: bool | None
    mask_token: str | None


def write_tokenizer(
    source: Path,
    target: Path,
    architecture: Architecture | None,
    vocab_size: int | None,
    *,
    lower_case: bool | None = None,
) -> TokenizerFacts:
    """Write a source folder's tokenizer to the file ``target``.

    Args:
        source: the folder.
        target: the file to write.
        architecture: of the model; None if unknown, as of a plain ONNX file.
        vocab_size: rows of the model's word table; None if unknown.
        lower_case: what the user says; None for what the files say.

    Raises:
        ModelFolderInvalid: there is none, it cannot be read, or it does not fit the model.
    """
    settings = _settings(source)
    rules = _rules(settings, lower_case)
    tokenizer, made_from = _load(source, architecture, rules)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    _check(tokenizer, made_from[0], source, vocab_size)
    tokenizer.save(str(target))
    facts = json.loads(tokenizer.to_str())
    lowers, strips = _case(facts.get("normalizer"))
    mask = next((each for each in ("[MASK]", "<mask>") if tokenizer.token_to_id(each)), None)
    return TokenizerFacts(made_from, facts["model"]["type"], lowers, strips, mask)


def _load(
    source: Path, architecture: Architecture | None, rules: CaseRules
) -> tuple[Tokenizer, tuple[str, ...]]:
    """Return the tokenizer and the names of the files it was made of."""
    if path := source_file(source, TOKENIZER_NAME):
        return _ready_made(path, rules), (TOKENIZER_NAME,)
    if path := source_file(source, "vocab.txt"):
        return word_pieces(path, rules), ("vocab.txt",)
    vocabulary, merges = source_file(source, "vocab.json"), source_file(source, "merges.txt")
    if vocabulary and merges:
        return byte_pairs(vocabulary, merges, rules), ("vocab.json", "merges.txt")
    for name in _PIECE_FILES:
        path = source_file(source, name)
        if path and architecture is not None and architecture.vocabulary == "sentencepiece":
            return sentence_pieces(path, architecture, rules), (name,)
        if path:
            raise ModelFolderInvalid(
                f"{path}: only ALBERT and DeBERTa models are imported with SentencePiece files; "
                f"bring {TOKENIZER_NAME}"
            )
    raise ModelFolderInvalid(
        f"{source} has no tokenizer: {TOKENIZER_NAME}, vocab.txt, vocab.json with merges.txt, or "
        f"{_PIECE_FILES[0]}"
    )


def _ready_made(path: Path, rules: CaseRules) -> Tokenizer:
    """Load a ``tokenizer.json``; what the settings beside it say of case wins, as upstream."""
    try:
        content = json.loads(read_text(path))
        normalizer = content.get("normalizer") or {}
        if normalizer.get("type") == "BertNormalizer":
            if rules.lower_case is not None:
                normalizer["lowercase"] = rules.lower_case
            if rules.strip_accents is not None:
                normalizer["strip_accents"] = rules.strip_accents
        return Tokenizer.from_str(json.dumps(content))
    except ModelFolderInvalid:
        raise
    except Exception as exc:  # tokenizers raises a bare Exception for every failure
        raise ModelFolderInvalid(f"cannot read the tokenizer {path}: {exc}") from exc


def _check(tokenizer: Tokenizer, name: str, source: Path, vocab_size: int | None) -> None:
    """Refuse a tokenizer that cannot be run, or that gives ids which the model has no row for."""
    try:
        tokenizer.encode(_SAMPLE, add_special_tokens=False)
        highest = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    except Exception as exc:  # tokenizers raises a bare Exception for every failure
        raise ModelFolderInvalid(f"{source / name}: the tokenizer cannot be run: {exc}") from exc
    if highest < 0:
        raise ModelFolderInvalid(f"{source / name}: the tokenizer knows no tokens")
    if vocab_size is not None and highest >= vocab_size:
        raise ModelFolderInvalid(
            f"{source / name} has the token id {highest}, and the model only {vocab_size} rows: "
            "they are not of one model"
        )


def _settings(source: Path) -> dict[str, Any]:
    path = source_file(source, _SETTINGS_NAME)
    return read_json_object(path, _SETTINGS_BYTES) if path else {}


def _rules(settings: dict[str, Any], lower_case: bool | None) -> CaseRules:
    def flag(key: str) -> bool | None:
        value = settings.get(key)
        return value if isinstance(value, bool) else None

    return CaseRules(
        lower_case=flag("do_lower_case") if lower_case is None else lower_case,
        strip_accents=flag("strip_accents"),
        split_chinese=flag("tokenize_chinese_chars") is not False,
        keep_accents=flag("keep_accents") is True,
        split_punctuation=flag("split_by_punct") is True,
        add_prefix_space=flag("add_prefix_space") is True,
    )


def _case(normalizer: Any) -> tuple[bool | None, bool | None]:
    """Return whether a normalizer loses capitals and accents."""
    if not isinstance(normalizer, dict):
        return False, False
    if normalizer.get("type") == "BertNormalizer":
        return bool(normalizer.get("lowercase")), normalizer.get("strip_accents")
    kinds = {step.get("type") for step in normalizer.get("normalizers", [normalizer]) if step}
    return "Lowercase" in kinds, "StripAccents" in kinds
