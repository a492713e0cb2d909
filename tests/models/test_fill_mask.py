"""Masks filled by an imported model, as Transformers' own pipeline fills them."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertTokenizer,
    FillMaskPipeline,
    PreTrainedTokenizerFast,
)
from transformers.models.auto.modeling_auto import AutoModelForMaskedLM

from answerable.api.modeling.importing import ImportChoices, import_model
from answerable.cli.main import main
from answerable.reader.conversion.sample_texts import SAMPLES
from answerable.reader.masked import MaskedModel, MaskPrediction, load_masked_model
from tests.models.architectures import FAMILIES
from tests.reader.vocabularies import word_pieces

pytestmark = [pytest.mark.models, pytest.mark.timeout(300)]

TEXTS = [text for pair in SAMPLES for text in pair]
CASED = ["Élise signs the Café's bill; élise pays the café.", "WILL will not.", *TEXTS]
ASKED = (
    "Élise [MASK] the bill.",
    "élise [MASK] the BILL.",
    "The [MASK] of the Café, naïve as ever,\nis [MASK] of [MASK]!",
    "[MASK]",
)


@pytest.fixture(scope="module")
def cased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as ``bert-base-cased`` is published: weights, ``vocab.txt``, and its settings."""
    folder = tmp_path_factory.mktemp("cased") / "source"
    vocabulary = word_pieces(CASED, lowercase=False).get_vocab()
    tokenizer = BertTokenizer(vocab=vocabulary, do_lower_case=False)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=128,
        initializer_range=0.3,  # so that words differ in probability
    )
    BertForMaskedLM(config).save_pretrained(folder)
    words = sorted(vocabulary, key=lambda word: vocabulary[word])
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False}))
    assert tokenizer.get_vocab() == vocabulary
    return folder


@pytest.fixture(scope="module")
def masked(cased: Path) -> Path:
    """The same, imported."""
    import_model(cased, cased.parent / "masked")
    return cased.parent / "masked"


@pytest.mark.parametrize("text", ASKED)
@pytest.mark.parametrize("targets", [None, ["Café", "café", "paying", "WILL"]])
def test_a_cased_model_fills_as_the_library_does(
    cased: Path, masked: Path, text: str, targets: list[str] | None
) -> None:
    """The same tokens, sequences and scores to 1e-4: one mask or several, free or among words."""
    vocabulary = {
        w: i for i, w in enumerate((cased / "vocab.txt").read_text("utf-8").split("\n")[:-1])
    }
    tokenizer = BertTokenizer(vocab=vocabulary, do_lower_case=False)
    pipeline = FillMaskPipeline(model=BertForMaskedLM.from_pretrained(cased), tokenizer=tokenizer)
    model = load_masked_model(masked, threads=1)
    _same(pipeline, model, text, 7, targets)


@pytest.mark.parametrize(
    "family", [f for f in FAMILIES if f.published.endswith("MaskedLM")], ids=lambda f: f.name
)
def test_every_family_fills_as_the_library_does(family, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Byte pairs, sentence pieces and word pieces, with their own mask."""
    source = family.write(tmp_path / "source", TEXTS)
    import_model(source, tmp_path / "masked")
    model = load_masked_model(tmp_path / "masked", threads=1)
    special = dict.fromkeys(("cls_token", "bos_token"), "<s>") if model.mask == "<mask>" else {}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(source / "tokenizer.json"),
        mask_token=model.mask,
        pad_token="<pad>" if family.name in ("roberta", "albert") else "[PAD]",
        cls_token=special.get("cls_token", "[CLS]"),
        sep_token="</s>" if special else "[SEP]",
    )
    library = AutoModelForMaskedLM.from_pretrained(source).eval()
    takes_types = getattr(library.config, "type_vocab_size", 0) > 1
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if takes_types else [])]
    tokenizer.model_input_names = names
    pipeline = FillMaskPipeline(model=library, tokenizer=tokenizer)
    for text in ("The notice [MASK] is one month.", "Who [MASK] the [MASK] of 1761?"):
        _same(pipeline, model, text.replace("[MASK]", model.mask), 5, None)


def test_int8_is_near(cased: Path, masked: Path, tmp_path: Path) -> None:
    """Quantized, the vocabulary is ranked nearly the same, and the best word stays among the best."""
    import_model(cased, tmp_path / "int8", ImportChoices(quantize=True))
    exact, coded = (load_masked_model(f, threads=1) for f in (masked, tmp_path / "int8"))
    for text in ASKED[:2]:
        (expected,), (actual,) = (m.fill(text, top_k=10_000).masks for m in (exact, coded))
        wanted, found = ({each.token: each.score for each in m} for m in (expected, actual))
        logs = np.log([[wanted[token], found[token]] for token in wanted])
        assert np.corrcoef(logs.T)[0, 1] > 0.95
        assert expected[0].token in [each.token for each in actual[:5]]


def test_the_command_runs_on_an_imported_folder(
    masked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``fill-mask --model FOLDER`` prints the model's words; the folder of a reader is refused."""
    assert main(["fill-mask", ASKED[0], "--model", str(masked), "--json", "--top-k", "3"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert [len(words) for words in result["masks"]] == [3]
    assert main(["fill-mask", ASKED[0], "--model", str(masked.parent / "source")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def _same(
    pipeline: FillMaskPipeline,
    model: MaskedModel,
    text: str,
    top_k: int,
    targets: Sequence[str] | None,
) -> None:
    options = {} if targets is None else {"targets": list(targets)}
    expected = pipeline(text, top_k=top_k, **options)
    expected = expected if isinstance(expected[0], list) else [expected]
    actual = model.fill(text, top_k=top_k, targets=targets).masks
    assert [[_words(each) for each in mask] for mask in actual] == [
        [(each["token"], each["token_str"], each["sequence"]) for each in mask] for mask in expected
    ]
    for mine, theirs in zip(actual, expected, strict=True):
        assert [each.score for each in mine] == pytest.approx(
            [each["score"] for each in theirs], abs=1e-4
        )


def _words(prediction: MaskPrediction) -> tuple[int, str, str]:
    return prediction.token, prediction.token_str, prediction.sequence
