"""Masks are filled as Transformers' pipeline fills them, by a model without a net."""

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models

from answerable.index import ModelFolderInvalid
from answerable.reader import MaskedTextInvalid, TargetInvalid
from answerable.reader.masked import KIND, MaskedModel, MaskTokens, load_masked_model
from tests.reader.masks import WORDS, ScriptedMasks, cased_tokenizer, scripted_masks

TEXT = "Paris is the [MASK] of France."


def test_the_likeliest_words_come_first() -> None:
    """Scores are probabilities among the whole vocabulary; the sequence has the word in place."""
    (best, second, *_), *others = scripted_masks().fill(TEXT, top_k=3).masks
    total = np.exp(4) + np.exp(3) + np.exp(2) + len(WORDS) - 3 + 5
    assert not others
    assert (best.token_str, best.sequence) == ("capital", "Paris is the capital of France.")
    assert (best.score, second.score) == pytest.approx((np.exp(4) / total, np.exp(3) / total))


def test_casing_and_accents_are_kept() -> None:
    """``Paris`` and ``paris``, ``café`` and ``cafe`` are different words of a cased vocabulary."""
    tokenizer = cased_tokenizer()
    tokens = MaskTokens(tokenizer)
    texts = ["Paris café", "paris cafe"]
    assert [tokens.text(tokens.ids(text), skip_special=True) for text in texts] == texts
    words = [word.token_str for word in scripted_masks().fill(TEXT).masks[0]]
    assert "café" in words


def test_each_of_several_masks_is_filled_for_itself() -> None:
    """One pass for all masks; a sequence fills one and shows the others, as the original does."""
    tokenizer = cased_tokenizer()
    scorer = ScriptedMasks(tokenizer, {"Paris": 5.0, "France": 4.0})
    model = MaskedModel(scorer, MaskTokens(tokenizer), name="", sha256="", max_tokens=16)
    filled = model.fill("[MASK] is in [MASK].", top_k=2)
    assert len(scorer.asked) == 1
    assert filled.words == ("Paris", "Paris")
    assert filled.masks[1][0].sequence == "[CLS] [MASK] is [UNK] Paris. [SEP]"
    assert filled.masks[0][0].score > filled.masks[1][0].score


def test_targets_narrow_the_choice_and_not_the_scores() -> None:
    """Targets keep the probability they have among all words; a piece stands for a long word."""
    everything = {word.token_str: word.score for word in scripted_masks().fill(TEXT).masks[0]}
    (chosen,) = scripted_masks().fill(TEXT, targets=["citys", "capital"], top_k=9).masks
    assert [word.token_str for word in chosen] == ["capital", "city"]
    assert [word.score for word in chosen] == [everything["capital"], everything["city"]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no mask", r"no mask: write \[MASK\] where"),
        ("", "no mask"),
        ("a <mask>", r"write \[MASK\], not <mask>"),
        ("a " * 20 + "[MASK]", "23 tokens; the model reads at most 16"),
        ("[MASK] " * 33, "33 masks; at most 32"),
        ("\ud800 [MASK]", "not valid"),
    ],
)
def test_a_text_that_cannot_be_filled_is_refused(text: str, reason: str) -> None:
    """No mask, too many, too long, or no text at all: one line that says which."""
    with pytest.raises(MaskedTextInvalid, match=reason):
        scripted_masks().fill(text)


@pytest.mark.parametrize("targets", [[], ["", " "]])
def test_targets_that_are_no_words_are_refused(targets: list[str]) -> None:
    """As the original does, none to choose from is an error."""
    with pytest.raises(TargetInvalid, match="none of the targets"):
        scripted_masks().fill(TEXT, targets=targets)


def test_logits_that_are_no_numbers_are_refused() -> None:
    """A broken model is an error, not a word."""
    with pytest.raises(ModelFolderInvalid, match="no numbers"):
        scripted_masks({"city": float("nan")}).fill(TEXT)


def test_a_tokenizer_without_masks_is_refused() -> None:
    """A vocabulary without a mask is not that of such a model."""
    vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2}
    with pytest.raises(ModelFolderInvalid, match=r"no \[MASK\] or <mask>"):
        MaskTokens(Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]")))


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (None, "is not a model folder"),
        ({"kind": "reader"}, "kind 'reader', not 'masked-lm'"),
        ({"kind": KIND}, "manifest lacks model.onnx, tokenizer.json"),
        ({"kind": KIND, "settings": {"max_seq_tokens": "all"}}, "max_seq_tokens is not"),
    ],
)
def test_a_folder_of_another_kind_is_refused(
    tmp_path: Path, manifest: dict[str, object] | None, reason: str
) -> None:
    """A folder without a manifest, of a reader, or without its files is one clear error."""
    if manifest is not None:
        value = {"name": "x", "licence": "", "source": "", "files": {}, "settings": {}, **manifest}
        (tmp_path / "manifest.json").write_text(json.dumps(value))
    with pytest.raises(ModelFolderInvalid, match=reason):
        load_masked_model(tmp_path)
