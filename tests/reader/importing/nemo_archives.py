"""Archives as NeMo writes them, small, in both layouts."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from tests.reader.importing.torch_files import program, state_of, write_zip

HASH = "0123456789abcdef0123456789abcdef_"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"who signs the form ann tom".split()]
WIDTH, N_LAYERS, N_HEADS, WIDE, POSITIONS = 8, 2, 2, 16, 32
ENCODER = {
    "model_type": "bert",
    "hidden_size": WIDTH,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": N_HEADS,
    "intermediate_size": WIDE,
    "max_position_embeddings": POSITIONS,
    "vocab_size": len(WORDS),
    "type_vocab_size": 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
}
Tensors = dict[str, npt.NDArray[Any]]


def settings(**more: Any) -> dict[str, Any]:
    """Return a configuration as a QAModel has it."""
    return {
        "dataset": {
            "version_2_with_negative": True,
            "doc_stride": 128,
            "max_query_length": 64,
            "max_seq_length": 384,
            "max_answer_length": 30,
            "null_score_diff_threshold": 0.0,
            "n_best_size": 20,
            "use_cache": True,
            "do_lower_case": True,
        },
        "tokenizer": {"tokenizer_name": "bert-base-uncased", "vocab_file": "vocab.txt"},
        "language_model": {
            "pretrained_model_name": "bert-base-uncased",
            "lm_checkpoint": None,
            "config_file": "bert-base-uncased_encoder_config.json",
            "config": None,
        },
        "token_classifier": {
            "num_layers": 1,
            "dropout": 0.0,
            "num_classes": 2,
            "activation": "relu",
            "log_softmax": False,
            "use_transformer_init": True,
        },
        "target": "nemo.collections.nlp.models.question_answering.qa_model.QAModel",
        **more,
    }


def weights() -> Tensors:
    """Return random tensors under a QAModel's names."""
    shapes: dict[str, tuple[int, ...]] = {
        "bert_model.embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "bert_model.embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "bert_model.embeddings.token_type_embeddings.weight": (2, WIDTH),
        "bert_model.embeddings.LayerNorm.weight": (WIDTH,),
        "bert_model.embeddings.LayerNorm.bias": (WIDTH,),
        "bert_model.pooler.dense.weight": (WIDTH, WIDTH),
        "bert_model.pooler.dense.bias": (WIDTH,),
        "classifier.mlp.layer0.weight": (2, WIDTH),
        "classifier.mlp.layer0.bias": (2,),
    }
    for layer in range(N_LAYERS):
        for module, (n_out, n_in) in {
            **{f"attention.self.{name}": (WIDTH, WIDTH) for name in ("query", "key", "value")},
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (WIDE, WIDTH),
            "output.dense": (WIDTH, WIDE),
        }.items():
            name = f"bert_model.encoder.layer.{layer}.{module}"
            shapes |= {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}
        for module in ("attention.output", "output"):
            name = f"bert_model.encoder.layer.{layer}.{module}.LayerNorm"
            shapes |= {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}
    random = np.random.default_rng(0)
    tensors = {name: random.normal(size=shape).astype("f4") for name, shape in shapes.items()}
    return tensors | {"bert_model.embeddings.position_ids": np.arange(POSITIONS)[None]}


def archive_files(folder: Path, tensors: Tensors, config: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of an archive that keeps their names."""
    import json

    pickled, raw = state_of(tensors)
    checkpoint = write_zip(folder / "weights.tmp", program(pickled), raw)
    files = {
        "model_config.yaml": yaml.safe_dump(dict(config)).encode(),
        "model_weights.ckpt": checkpoint.read_bytes(),
        "vocab.txt": "\n".join(WORDS).encode() + b"\n",
        "bert-base-uncased_encoder_config.json": json.dumps(ENCODER).encode(),
    }
    checkpoint.unlink()
    return files


def write_archive(path: Path, files: Mapping[str, bytes], *, is_gzip: bool = True) -> Path:
    """Write files as NeMo does: below ``./``, with the folder itself as the first member."""
    with tarfile.open(path, "w:gz" if is_gzip else "w:") as archive:
        folder = tarfile.TarInfo("./")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in files.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size, member.mtime = len(content), 1.5  # which makes an extended header
            archive.addfile(member, io.BytesIO(content))
    return path


def old_archive(path: Path) -> Path:
    """Write an archive as of NeMo 1.0.0rc1: gzip, plain names."""
    return write_archive(path, archive_files(path.parent, weights(), settings()))


def new_archive(path: Path) -> Path:
    """Write an archive of later releases: not packed, a hash before each artefact's name."""
    config = settings()
    config["tokenizer"]["vocab_file"] = f"nemo:{HASH}vocab.txt"
    encoder = "bert-base-uncased_encoder_config.json"
    config["language_model"]["config_file"] = f"nemo:{HASH}{encoder}"
    files = archive_files(path.parent, weights(), config)
    for name in ("vocab.txt", encoder):
        files[HASH + name] = files.pop(name)
    return write_archive(path, files, is_gzip=False)
