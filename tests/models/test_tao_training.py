"""TAO's commands from end to end on a tiny model: train, finetune, evaluate, infer, export."""

import json
from pathlib import Path

import pytest
import yaml

from answerable.api.modeling.tao import SPECS
from answerable.cli.main import main
from tests.models.tiny import tiny_spec

pytestmark = pytest.mark.models


@pytest.mark.filterwarnings("ignore")
def test_train_to_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command takes what the one before it wrote, under TAO's names."""
    tiny_spec(tmp_path, "unused")
    base, data = tmp_path / "base", tmp_path / "train.json"
    (base / "tokenizer.json").write_bytes((tmp_path / "tokenizer.json").read_bytes())
    spec = yaml.safe_load(SPECS["train.yaml"])
    (tmp_path / "train.yaml").write_text(yaml.safe_dump(spec))
    (tmp_path / "finetune.yaml").write_text(SPECS["finetune.yaml"])
    results = tmp_path / "results"
    tao = ["tao", "question_answering"]
    common = ["-g", "1", "-k", "key", "-r", str(results)]
    ours = [
        "windows.max_seq_tokens=48",
        "windows.max_question_tokens=8",
        "device=cpu",
        "threads=1",
        "trainer.max_epochs=2",
        "optim.lr=5.0e-3",
    ]
    train = [
        *("-e", str(tmp_path / "train.yaml"), f"training_ds.file={data}"),
        *("training_ds.batch_size=8", f"validation_ds.file={data}"),
        f"model.language_model.lm_checkpoint={base}",
    ]
    assert main([*tao, "train", *common, *train, *ours]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out.splitlines()
    assert [line.rsplit(" ", 1)[0] for line in printed] == ["val exact match", "val f1"]
    trained = results / "train" / "checkpoints" / "trained-model.tlt"
    assert (trained / "model.safetensors").is_file()
    finetune = ["-e", str(tmp_path / "finetune.yaml"), "-m", str(trained)]
    finetune += [f"finetuning_ds.file={data}", "finetuning_ds.batch_size=8"]
    assert main([*tao, "finetune", *common, *finetune, *ours]) == 0, capsys.readouterr().err
    finetuned = results / "finetune" / "checkpoints" / "finetuned-model.tlt"
    model = ["-m", str(finetuned)]
    assert main([*tao, "evaluate", *common, *model, f"test_ds.file={data}"]) == 0
    assert "test exact match" in capsys.readouterr().out
    assert main([*tao, "export", *common, *model]) == 0
    exported = ["-m", str(results / "export" / "exported-model.eonnx")]
    assert main([*tao, "infer_onnx", *common, *exported, f"infer_ds.file={data}"]) == 0
    predictions = json.loads((results / "infer" / "prediction.txt").read_text())
    assert len(predictions) > 10
