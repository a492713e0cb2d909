"""The examples of ``docs/migrate`` that import a model of another system's form, on small ones."""

import shutil
from pathlib import Path

import pytest
import torch
import transformers

from tests.documented import blocks, missing, run
from tests.models.folders import SIZES, write_vocabulary
from tests.reader.importing import nemo_archives
from tests.reader.squad_samples import question, write_squad

pytestmark = [pytest.mark.models, pytest.mark.source]

OFFICE = "The office in Utrecht closes at 18:30, said Ann Lee."
LENGTH = 128


class _Tuple(torch.nn.Module):  # type: ignore[misc]  # torch is seen as Any
    """A reader that gives its logits as OpenVINO's model does: start, then end."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return both logits."""
        given = self.model(*values)
        return given.start_logits, given.end_logits


def _write_ir(folder: Path) -> None:
    """Write an IR of random weights with the names and the fixed length of OpenVINO's."""
    openvino = pytest.importorskip("openvino")
    folder.mkdir()
    size = write_vocabulary(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(**{**SIZES["Bert"], "vocab_size": size})
    model = _Tuple(transformers.BertForQuestionAnswering(config).eval())
    values = tuple(torch.zeros(1, LENGTH, dtype=torch.int32) for _ in range(3))
    torch.onnx.export(
        model,
        values,
        folder / "model.onnx",
        input_names=["input_ids", "attention_mask", "token_type_ids"],
        output_names=["output_s", "output_e"],
        dynamo=False,
    )
    ir = openvino.Core().read_model(folder / "model.onnx")
    openvino.save_model(ir, folder / "reader.xml", compress_to_fp16=False)
    (folder / "model.onnx").unlink()


@pytest.fixture
def folder(tmp_path: Path, source_root: Path) -> Path:
    """A working directory with the handbook and a labelled file."""
    shutil.copytree(source_root / "examples" / "handbook", tmp_path / "handbook")
    write_squad(
        tmp_path / "dev.json",
        question("1", "When does the office in Utrecht close?", "18:30", context=OFFICE),
        question("2", "Who painted the Mona Lisa?", context=OFFICE),
    )
    return tmp_path


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("page", "needs"), [("nemo", "nemo"), ("openvino", "ir")])
def test_examples_run(page: str, needs: str, folder: Path, source_root: Path) -> None:
    """Each block of the kind runs, on a model that the test makes in the form that it names."""
    if needs == "ir":
        _write_ir(folder / "ir")
    else:
        nemo_archives.new_archive(folder / "qa.nemo")
    found = [b for b in blocks(source_root / "docs" / "migrate" / f"{page}.md") if b.needs == needs]
    assert found
    for block in found:
        output = run(block, folder)
        assert list(missing(block.prints, output)) == [], output
