"""Tokenizers built from the vocabulary files that come with a model.

Each is the ``tokenizers`` library's own pipeline, whose offsets point into the text as it was
given, whatever is lower-cased or stripped on the way. The pipelines are those of the models'
first implementations; tests compare them with transformers and with SentencePiece.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from answerable.index import ModelFolderInvalid

from .architectures import Architecture
from .sentencepiece import CONTROL, USER_DEFINED, SentencePieceModel, read_sentencepiece
from .source_files import read_text

_BERT_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_ROBERTA_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_MAX_ENTRIES = 4_000_000
# A number with a comma, "9,", is never one piece in ALBERT's tokenizer.
# Source: tokenization_albert.py of google-research/albert.
_NUMBER_COMMA_PENALTY = 100


@dataclass(frozen=True, slots=True)
class CaseRules:
    """What happens to letters before they are looked up.

    Attributes:
        lower_case: None where the source does not say.
        strip_accents: None for as ``lower_case``.
        split_chinese: Chinese characters stand alone.
        keep_accents: ALBERT's own name for the contrary of ``strip_accents``.
        split_punctuation: DeBERTa's setting.
        add_prefix_space: RoBERTa's setting.
    """

    lower_case: bool | None = None
    strip_accents: bool | None = None
    split_chinese: bool = True
    keep_accents: bool = False
    split_punctuation: bool = False
    add_prefix_space: bool = False


def word_pieces(path: Path, rules: CaseRules) -> Tokenizer:
    """Return the tokenizer of a ``vocab.txt``; cased if the file says so and nobody else does.

    Raises:
        ModelFolderInvalid: it lacks a special token, or cannot be read.
    """
    words = read_text(path).replace("\r\n", "\n").removesuffix("\n").split("\n")
    vocabulary = {word: id_ for id_, word in enumerate(words)}
    _require(vocabulary, _BERT_SPECIAL[1:4], path)
    lower_case = rules.lower_case
    if lower_case is None:
        lower_case = not has_capitals(words)
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True,
        handle_chinese_chars=rules.split_chinese,
        strip_accents=rules.strip_accents,
        lowercase=lower_case,
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.post_processor = _bert_template(vocabulary["[CLS]"], vocabulary["[SEP]"])
    tokenizer.add_special_tokens([token for token in _BERT_SPECIAL if token in vocabulary])
    return tokenizer


def byte_pairs(vocabulary_path: Path, merges_path: Path, rules: CaseRules) -> Tokenizer:
    """Return the tokenizer of ``vocab.json`` and ``merges.txt``, as RoBERTa has it.

    Raises:
        ModelFolderInvalid: one cannot be read, or they do not fit each other.
    """
    vocabulary = _ids(vocabulary_path)
    _require(vocabulary, ("<s>", "</s>"), vocabulary_path)
    lines = read_text(merges_path).splitlines()
    pairs = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
    merges = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2]
    if len(merges) != len(pairs):
        raise ModelFolderInvalid(f"{merges_path} holds a line that is no pair of tokens")
    try:
        tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    except Exception as exc:  # tokenizers raises a bare Exception for every failure
        raise ModelFolderInvalid(f"{merges_path} does not fit {vocabulary_path}: {exc}") from exc
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=rules.add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", vocabulary["</s>"]),
        ("<s>", vocabulary["<s>"]),
        trim_offsets=True,
        add_prefix_space=rules.add_prefix_space,
    )
    tokenizer.add_special_tokens([token for token in _ROBERTA_SPECIAL if token in vocabulary])
    if "<mask>" in vocabulary:
        tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    return tokenizer


def sentence_pieces(path: Path, architecture: Architecture, rules: CaseRules) -> Tokenizer:
    """Return the tokenizer of a SentencePiece file, as ALBERT or DeBERTa-v2 and v3 have it.

    Raises:
        ModelFolderInvalid: it is none, or lacks a special token.
    """
    source = read_sentencepiece(path)
    is_albert = architecture.model_type == "albert"
    if source.model != "unigram":
        raise ModelFolderInvalid(f"{path} holds byte pairs, which {architecture.stem} does not use")
    vocabulary = {piece.text: id_ for id_, piece in enumerate(source.pieces)}
    _require(vocabulary, ("[CLS]", "[SEP]"), path)
    scores = [
        (
            piece.text,
            piece.score - _NUMBER_COMMA_PENALTY * (is_albert and _is_number_comma(piece.text)),
        )
        for piece in source.pieces
    ]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=source.unknown_id, byte_fallback=False))
    rewriting = _albert_rules(rules) if is_albert else _deberta_rules(rules)
    tokenizer.normalizer = normalizers.Sequence([*rewriting, *_compiled(source, path)])
    prefix = "always" if source.adds_prefix else "never"
    steps = [pre_tokenizers.Punctuation("isolated")] if rules.split_punctuation else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [*steps, pre_tokenizers.Metaspace(prepend_scheme=prefix)]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=prefix)
    tokenizer.post_processor = _bert_template(vocabulary["[CLS]"], vocabulary["[SEP]"])
    tokenizer.add_tokens(
        [
            AddedToken(piece.text, normalized=False, special=piece.kind == CONTROL)
            for piece in source.pieces
            if piece.kind in (CONTROL, USER_DEFINED) and piece.text not in _BERT_SPECIAL
        ]
    )
    special = [token for token in _BERT_SPECIAL[:4] if token in vocabulary]
    mask = AddedToken("[MASK]", lstrip=is_albert, normalized=False)  # DeBERTa-v3's is in no file
    tokenizer.add_special_tokens([*special, mask])
    return tokenizer


def has_capitals(words: Sequence[str]) -> bool:
    """Tell whether a vocabulary holds words with capital letters, so that case counts."""
    return any(word != word.lower() for word in words if not word.startswith("["))


def _albert_rules(rules: CaseRules) -> list[normalizers.Normalizer]:
    steps: list[normalizers.Normalizer] = [
        normalizers.Strip(),
        normalizers.Replace("``", '"'),
        normalizers.Replace("''", '"'),
    ]
    if not rules.keep_accents:
        steps += [normalizers.NFKD(), normalizers.StripAccents()]
    if rules.lower_case is not False:
        steps.append(normalizers.Lowercase())
    return steps


def _deberta_rules(rules: CaseRules) -> list[normalizers.Normalizer]:
    return [*([normalizers.Lowercase()] if rules.lower_case else []), normalizers.Strip()]


def _compiled(source: SentencePieceModel, path: Path) -> list[normalizers.Normalizer]:
    steps: list[normalizers.Normalizer] = []
    if source.characters:
        try:
            steps.append(normalizers.Precompiled(source.characters))
        except Exception as exc:  # tokenizers raises a bare Exception for every failure
            raise ModelFolderInvalid(f"{path}: its table of characters is damaged") from exc
    if source.squeezes_spaces:
        steps.append(normalizers.Replace(Regex(" {2,}"), " "))
    return steps


def _is_number_comma(piece: str) -> bool:
    return len(piece) >= 2 and piece[-1] == "," and piece[-2].isdigit()


def _bert_template(cls_id: int, sep_id: int) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", cls_id), ("[SEP]", sep_id)],
    )


def _ids(path: Path) -> dict[str, int]:
    try:
        value = json.loads(read_text(path))
    except (ValueError, RecursionError) as exc:
        raise ModelFolderInvalid(f"{path} is not JSON: {exc}") from exc
    if not isinstance(value, dict) or not all(
        isinstance(id_, int) and 0 <= id_ < _MAX_ENTRIES for id_ in value.values()
    ):
        raise ModelFolderInvalid(f"{path} is no table of tokens and their ids")
    return value


def _require(vocabulary: dict[str, int], tokens: Sequence[str], path: Path) -> None:
    missing = [token for token in tokens if token not in vocabulary]
    if missing:
        raise ModelFolderInvalid(f"{path} lacks {', '.join(missing)}: it is not this model's")
