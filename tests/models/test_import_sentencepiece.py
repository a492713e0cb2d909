"""Tokenizers built from SentencePiece files against SentencePiece's own library, where installed."""

import re
import unicodedata
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from answerable.reader.importing import architecture_of, write_tokenizer
from tests.models.folders import TEXTS

sentencepiece = pytest.importorskip("sentencepiece")
pytestmark = pytest.mark.models

NAMES = {"albert": "spiece.model", "deberta-v2": "spm.model"}
UNKNOWN = {"albert": "<unk>", "deberta-v2": "[UNK]"}


@pytest.mark.parametrize("model_type", NAMES)
def test_pieces_are_those_of_the_library(tmp_path: Path, model_type: str) -> None:
    """A model that the library trained gives the library's own ids, whatever the text holds."""
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(line.lower() for text in TEXTS for line in text.splitlines()))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(tmp_path / "model"),
        vocab_size=400,
        hard_vocab_limit=False,
        bos_id=-1,
        eos_id=-1,
        pad_id=0,
        unk_id=1,
        unk_piece=UNKNOWN[model_type],
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
        minloglevel=2,
    )
    (tmp_path / "model.model").rename(tmp_path / NAMES[model_type])
    library = sentencepiece.SentencePieceProcessor(str(tmp_path / NAMES[model_type]))
    write_tokenizer(tmp_path, tmp_path / "out.json", architecture_of(model_type), 500)
    ours = Tokenizer.from_file(str(tmp_path / "out.json"))
    for text in (*TEXTS, "  two  spaces ", "ﬁne №5 ＡＢＣ", "tab\tand\nline", "日本 Ünïcödé"):
        # ALBERT's first implementation cuts a comma from a number behind SentencePiece's back;
        # ours chooses among pieces without one, which is not always the same.
        plain = re.sub(r"(?<=\d),", " ", text)
        ids = ours.encode(plain, add_special_tokens=False).ids
        assert ids == library.encode(_as_albert(plain) if model_type == "albert" else plain)


def _as_albert(text: str) -> str:
    """Normalize as ALBERT's first implementation does before SentencePiece sees the text.

    Source: tokenization_albert.py of google-research/albert (``preprocess_text``).
    """
    text = re.sub("``|''", '"', text)
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()
