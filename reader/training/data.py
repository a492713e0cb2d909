"""What a run is trained on: the questions of its files as tokens, and what was left out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tqdm import tqdm

from answerable.index import ModelFolderInvalid, read_tokenizer

from ..errors import DatasetInvalid
from ..evaluation.squad import SquadQuestion, read_squad
from ..importing import architecture_of, write_tokenizer
from ..token_layout import pair_layout
from .encoding import add_negatives, contexts_by_key, encode_questions
from .left_out import is_left_out
from .negatives import read_negatives
from .options import DataFile
from .paragraphs import read_paragraphs
from .qamr import read_qamr
from .spec import ReaderTrainSpec
from .windows import EncodedQuestion

TOKENIZER_NAME = "tokenizer.json"
_PADS = ("[PAD]", "<pad>")
_MASKS = ("[MASK]", "<mask>")


@dataclass(frozen=True, slots=True)
class SpecialIds:
    """Ids of the special tokens; ``mask`` is None where the tokenizer has none.

    Attributes:
        n_between: how many ``sep`` stand between question and context.
    """

    cls: int
    sep: int
    pad: int
    mask: int | None
    n_between: int = 1

    @property
    def around(self) -> tuple[int, ...]:
        """The tokens around question and context, as ``TrainingWindow`` has them."""
        return (self.cls, *(self.sep,) * self.n_between, self.sep)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """A run's questions, file by file.

    Attributes:
        files: the questions of each data file, in the spec's order.
        sha256: hex digest of every file that was read, by name.
        left_out: titles of the articles that were left out, by file name.
    """

    files: tuple[list[EncodedQuestion], ...]
    sha256: dict[str, str]
    left_out: dict[str, list[str]]


def load_data(spec: ReaderTrainSpec, tokenizer: Tokenizer) -> TrainingData:
    """Read and tokenize the data files of a spec; none where there is nothing to train.

    Raises:
        DatasetInvalid: a file cannot be read or holds no question.
    """
    if not spec.optimizer.max_steps:
        return TrainingData((), {}, {})
    files, left_out = [], {}
    for file in spec.data:
        questions = read_questions(file)
        kept = [q for q in questions if not is_left_out(q.title, spec.left_out_share)]
        if not kept:
            raise DatasetInvalid(f"{file.path} holds no question to train on")
        left_out[file.path.name] = sorted({q.title for q in questions} - {q.title for q in kept})
        files.append((kept, _encode(kept, file.path, tokenizer, spec.windows.max_question_tokens)))
    read = [file.path for file in spec.data]
    encoded = tuple(tokens for _, tokens in files)
    if spec.negatives:
        read.append(spec.negatives.file)
        encoded = _with_negatives(files, spec.negatives.file)
    return TrainingData(encoded, {path.name: _sha256(path) for path in read}, left_out)


def read_questions(file: DataFile) -> list[SquadQuestion]:
    """Read a data file of any kind.

    Raises:
        DatasetInvalid: it cannot be read.
    """
    if file.kind == "qamr":
        return read_qamr(file.path)
    if file.kind == "paragraphs":
        return read_paragraphs(file.path)
    return read_squad(file.path)


def load_tokenizer(path: Path, n_words: int | None = None) -> Tokenizer:
    """Load a tokenizer that neither cuts nor pads.

    Args:
        path: its ``tokenizer.json``.
        n_words: tokens that the model has vectors for; None for any number.

    Raises:
        ModelFolderInvalid: it cannot be read, or knows more tokens than the model.
    """
    tokenizer = read_tokenizer(path)
    known = tokenizer.get_vocab_size()
    if n_words is not None and known > n_words:
        raise ModelFolderInvalid(
            f"{path} knows {known} tokens and the model {n_words}: they are not of one model"
        )
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def tokenizer_file(spec: ReaderTrainSpec, config: Any) -> Path:
    """Return the spec's ``tokenizer.json``, or one made of what is beside the base model.

    Args:
        spec: the run; the file made is written into its output.
        config: of the base model.

    Raises:
        ModelFolderInvalid: there is none, or it is that of another model.
    """
    if spec.tokenizer is not None:
        return spec.tokenizer
    spec.output.mkdir(parents=True, exist_ok=True)
    path = spec.output / TOKENIZER_NAME
    known = architecture_of(config.model_type)
    write_tokenizer(spec.base_models[0], path, known, config.vocab_size)
    return path


def special_ids(tokenizer: Tokenizer) -> SpecialIds:
    """Return the ids of the special tokens.

    Raises:
        ModelFolderInvalid: the tokenizer lacks one that every batch needs.
    """
    layout = pair_layout(tokenizer)
    pad_id, mask_id = (_first_id(tokenizer, names) for names in (_PADS, _MASKS))
    if pad_id is None:
        raise ModelFolderInvalid(f"the tokenizer lacks {' and '.join(_PADS)}: it cannot pad")
    return SpecialIds(layout.first, layout.last, pad_id, mask_id, len(layout.between))


def _first_id(tokenizer: Tokenizer, names: Sequence[str]) -> int | None:
    found = (tokenizer.token_to_id(name) for name in names)
    return next((id_ for id_ in found if id_ is not None), None)


def _encode(
    questions: Sequence[SquadQuestion], path: Path, tokenizer: Tokenizer, max_question_tokens: int
) -> list[EncodedQuestion]:
    encoded = encode_questions(questions, tokenizer, max_question_tokens)
    return list(tqdm(encoded, total=len(questions), desc=f"tokenize {path.name}", unit="q"))


def _with_negatives(
    files: Sequence[tuple[list[SquadQuestion], list[EncodedQuestion]]], path: Path
) -> tuple[list[EncodedQuestion], ...]:
    negatives = read_negatives(path)
    contexts = {
        key: tokens
        for questions, encoded in files
        for key, tokens in contexts_by_key(questions, encoded).items()
    }
    found = tuple(
        add_negatives(questions, encoded, negatives, contexts) for questions, encoded in files
    )
    if not any(question.negatives for file in found for question in file):
        raise DatasetInvalid(f"{path} names no passage of the training files: mine it from them")
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
