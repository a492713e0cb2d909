"""Models in NeMo's, Megatron-LM's and OpenVINO's files against the original libraries.

    python benchmarks/archive_fidelity.py

For each form: a reader of random weights is written in that form's own layout and names, imported,
and run beside transformers, and for an IR beside OpenVINO's own forward pass, on the same random
tokens of 16 to 384. Every logit must be within 1e-4 with the same best span, or the script fails.
Writes ``results/archive_fidelity.json``. Needs the extras ``models`` and ``openvino``; about 5
minutes of one core.
"""

import argparse
import io
import json
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
import transformers
import yaml
from import_fidelity import (
    LIMIT,
    LOGITS,
    architectures,
    differences,
    is_same,
    library_run,
    random_inputs,
    write_source,
)
from report import write_report

from answerable.api.modeling.importing import ImportChoices, import_model
from answerable.reader.conversion.checking import onnx_run
from answerable.reader.feeds import Run
from answerable.reader.openvino_session import OpenVinoSession
from answerable.reader.windows import Window

HASH = "0123456789abcdef0123456789abcdef_"
HEADS = 4
TABLES = {"word": "word", "position": "position", "tokentype": "token_type"}
MODULES = {
    "attention.dense": "attention.output.dense",
    "input_layernorm": "attention.ln",
    "mlp.dense_4h_to_h": "output.dense",
    "mlp.dense_h_to_4h": "intermediate.dense",
    "post_attention_layernorm": "ln",
}
Writer = Callable[[Path, Path], Path]


def main() -> None:
    """Write, import and compare every form."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=200, help="random inputs per form")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    arguments = parser.parse_args()
    forms: dict[str, tuple[str, Writer]] = {
        "NeMo, gzip": ("Bert", lambda source, out: nemo(source, out, is_new=False)),
        "NeMo, plain, with hashes": ("Bert", lambda source, out: nemo(source, out, is_new=True)),
        **{
            f"Megatron-LM, version {version:.0f}": (
                "MegatronBert",
                lambda source, out, version=version: megatron(source, out, version),
            )
            for version in (0.0, 1.0, 3.0)
        },
        "OpenVINO IR": ("Bert", openvino_ir),
    }
    configs = architectures(arguments.width, arguments.layers)
    figures: dict[str, Any] = {}
    for form, (stem, write) in forms.items():
        config = {**configs[stem], "num_attention_heads": HEADS}
        with tempfile.TemporaryDirectory() as folder:
            figures |= compare(Path(folder), form, stem, config, write, arguments.inputs)
        print(form, figures[form], flush=True)
    write_report(
        "archive_fidelity",
        {
            "inputs_per_form": arguments.inputs,
            "settings": {"width": arguments.width, "layers": arguments.layers, "limit": LIMIT},
            "versions": {
                "openvino": openvino.__version__,
                "torch": torch.__version__,
                "transformers": transformers.__version__,
            },
            "forms": figures,
        },
    )
    failed = [form for form, each in figures.items() if not is_same(each, arguments.inputs)]
    if failed:
        raise SystemExit(f"not the same model: {', '.join(failed)}")


def compare(
    folder: Path, form: str, stem: str, config: dict[str, Any], write: Writer, n_inputs: int
) -> dict[str, Any]:
    """Return the differences to transformers, and of an IR those to its own library."""
    source, written = folder / "source", folder / "written"
    write_source(source, stem, config)
    written.mkdir()
    path, out = write(source, written), folder / "out"
    import_model(path, out, ImportChoices(null_answer="trained"))
    n_words = len((source / "vocab.txt").read_text(encoding="utf-8").split("\n")) - 1
    inputs = random_inputs(n_inputs, n_words, True)
    run = ir_run(out) if (out / "model.xml").is_file() else onnx_run(out / "model.onnx", LOGITS)
    actual = [run(*each) for each in inputs]
    original = library_run(source, stem)
    found = {form: differences([original(*each) for each in inputs], actual)}
    if (out / "model.xml").is_file():
        own = own_pass(path)
        found[f"{form}, to its own library"] = differences([own(*each) for each in inputs], actual)
    return found


def nemo(source: Path, out: Path, *, is_new: bool) -> Path:
    """Write an archive as NeMo 1.0.0rc1, or as later releases, lay it out."""
    state = weights(source, "Bert")
    names = {"bert.": "bert_model.", "qa_outputs.": "classifier.mlp.layer0."}
    tensors = {
        next(new + name.removeprefix(old) for old, new in names.items() if name.startswith(old)): v
        for name, v in state.items()
    }
    prefix, reference = (HASH, f"nemo:{HASH}") if is_new else ("", "")
    config = {
        "dataset": {"max_seq_length": 384, "version_2_with_negative": True},
        "tokenizer": {"tokenizer_name": "x-uncased", "vocab_file": f"{reference}vocab.txt"},
        "language_model": {"config_file": f"{reference}encoder_config.json", "config": None},
        "token_classifier": {"num_layers": 1, "num_classes": 2, "log_softmax": False},
    }
    buffer = io.BytesIO()
    torch.save(tensors, buffer)
    files = {
        "model_config.yaml": yaml.safe_dump(config).encode(),
        "model_weights.ckpt": buffer.getvalue(),
        f"{prefix}vocab.txt": (source / "vocab.txt").read_bytes(),
        f"{prefix}encoder_config.json": (source / "config.json").read_bytes(),
    }
    with tarfile.open(out / "model.nemo", "w:" if is_new else "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out / "model.nemo"


def megatron(source: Path, out: Path, version: float) -> Path:
    """Write a checkpoint as Megatron-LM nests, names and orders it."""
    state = weights(source, "MegatronBert")
    layers = json.loads((source / "config.json").read_text())["num_hidden_layers"]
    body = {f"final_layernorm.{kind}": state[f"bert.encoder.ln.{kind}"] for kind in KINDS}
    for i in range(layers):
        ours, theirs = f"bert.encoder.layer.{i}", f"layers.{i}"
        for kind in KINDS:
            parts = [state[f"{ours}.attention.self.{n}.{kind}"] for n in ("query", "key", "value")]
            split = torch.stack([part.reshape(HEADS, -1, *part.shape[1:]) for part in parts])
            order = {0.0: (0, 1, 2), 1.0: (1, 2, 0)}.get(version, (1, 0, 2))
            rest = tuple(range(3, split.ndim))
            rows = split.permute(*order, *rest).reshape(-1, *parts[0].shape[1:])
            body[f"{theirs}.attention.query_key_value.{kind}"] = rows
            for name, own in MODULES.items():
                body[f"{theirs}.{name}.{kind}"] = state[f"{ours}.{own}.{kind}"]
    tables = {
        f"{name}_embeddings": {"weight": state[f"bert.embeddings.{own}_embeddings.weight"]}
        for name, own in TABLES.items()
    }
    checkpoint = {
        "args": argparse.Namespace(num_attention_heads=HEADS),
        "checkpoint_version": version,
        "model": {
            "language_model": {"embedding": tables, "transformer": body},
            "qa_outputs": {kind: state[f"qa_outputs.{kind}"] for kind in KINDS},
        },
    }
    torch.save(checkpoint, out / "model_optim_rng.pt")
    config = json.loads((source / "config.json").read_text())
    config["layer_norm_eps"] = 1e-5  # Megatron-LM's
    (source / "config.json").write_text(json.dumps(config))
    (out / "vocab.txt").write_bytes((source / "vocab.txt").read_bytes())
    return out


KINDS = ("weight", "bias")


def openvino_ir(source: Path, out: Path) -> Path:
    """Write an IR of the ONNX file that importing makes."""
    import_model(source, out / "onnx", ImportChoices(null_answer="trained"))
    model = openvino.Core().read_model(out / "onnx" / "model.onnx")
    openvino.save_model(model, out / "reader.xml", compress_to_fp16=False)
    (out / "vocab.txt").write_bytes((source / "vocab.txt").read_bytes())
    return out


def ir_run(folder: Path) -> Run:
    """Return our session's pass."""
    session = OpenVinoSession(folder / "model.xml", 1)

    def run(token_ids: Any, type_ids: Any) -> list[Any]:
        none = np.ones(0, np.bool_)
        return list(session.logits([Window(0, token_ids, type_ids, 0, (), none, none)])[0])

    return run


def own_pass(folder: Path) -> Run:
    """Return OpenVINO's own pass on the IR as it came."""
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.compile_model(folder / "reader.xml", "CPU", settings)

    def run(token_ids: Any, type_ids: Any) -> list[Any]:
        values = {
            "input_ids": token_ids,
            "attention_mask": np.ones_like(token_ids),
            "token_type_ids": type_ids,
        }
        given = compiled(
            {port.get_any_name(): values[port.get_any_name()][None] for port in compiled.inputs}
        )
        return [np.array(given[name][0]) for name in LOGITS]

    return run


def weights(source: Path, stem: str) -> Mapping[str, Any]:
    """Return the state dict of the source."""
    model = getattr(transformers, f"{stem}ForQuestionAnswering").from_pretrained(source)
    state: Mapping[str, Any] = model.state_dict()
    return state


if __name__ == "__main__":
    main()
