"""An imported IR asked questions: offsets of the text as it stands, and abstention that says so."""

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForQuestionAnswering

from answerable.api.modeling.importing import ImportChoices, import_model
from answerable.index import Passage
from answerable.reader import load_reader

pytestmark = pytest.mark.models
openvino = pytest.importorskip("openvino")

_TEXT = "İİİ İstanbul, Ann SIGNS the form. ÀÉ Tom reads it."
_WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] i istanbul ann signs the form ae tom reads it who . ,".split()
)


@pytest.mark.filterwarnings("ignore")
def test_reading(tmp_path: Path) -> None:
    """Capitals whose small letters are longer move no offset; without a null answer it answers."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(_WORDS),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=384,
        initializer_range=0.3,
    )
    model = BertForQuestionAnswering(config).eval()
    zeros = torch.zeros(1, 384, dtype=torch.int32)
    torch.onnx.export(
        model,
        (zeros, zeros, zeros),
        tmp_path / "m.onnx",
        input_names=["input_ids", "attention_mask", "token_type_ids"],
        output_names=["output_s", "output_e"],
        dynamo=False,
    )
    source = tmp_path / "FP32"
    source.mkdir()
    ir = openvino.Core().read_model(tmp_path / "m.onnx")
    openvino.save_model(ir, source / "reader.xml", compress_to_fp16=False)
    (tmp_path / "vocab.txt").write_text("\n".join(_WORDS) + "\n")
    imported = import_model(source, tmp_path / "out", ImportChoices(name="small"))
    settings = imported.manifest.settings
    assert (settings["max_seq_tokens"], settings["max_question_tokens"]) == (384, 64)
    reader = load_reader(tmp_path / "out")
    assert not reader.has_null_answer and reader.calibration is None
    passage = Passage(0, 0, 0, len(_TEXT), _TEXT, heading="", page=None)
    prediction = reader.read("Who signs?", [passage])
    assert prediction.answer is not None
    spans = reader.candidates("Who signs?", [passage], 20)
    assert len(spans) > 10
    assert all(_TEXT[span.start : span.end] == span.text for span in spans)
    assert {"Ann", "SIGNS", "Tom"} <= {word for span in spans for word in span.text.split()}
