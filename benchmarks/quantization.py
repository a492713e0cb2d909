"""What INT8 gains in speed and loses in F1 against FP32, for several ways of quantizing.

    python benchmarks/quantization.py runs/reader/model dev-a-v2.0.json.gz

The first argument is the trained FP32 folder. All variants are made from it anew, read the
same windows on two single-threaded calls at a time, in turn, and answer the same questions. The
null threshold is the baseline's, chosen on the other half of the questions. Writes
``results/quantization.json``. Needs the extra ``models``. About 30 minutes of one core for
1,500 questions and all variants; ``--only`` takes fewer.
"""

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from report import sha256_of, write_report
from tokenizers import Tokenizer

from answerable.reader import SquadQuestion, evaluate_squad, read_squad, squad_metrics
from answerable.reader.conversion.bert_graph import write_graph
from answerable.reader.conversion.bert_int8 import to_int8
from answerable.reader.conversion.bert_model import load_bert_reader
from answerable.reader.conversion.quantization import (
    BertQuantization,
    QuantizationConfig,
    fuse_onnx,
    quantize_onnx,
)
from answerable.reader.conversion.reader_export import export_reader
from answerable.reader.conversion.sample_texts import sample_windows
from answerable.reader.plain_folder import load_reader
from answerable.reader.session import ReaderSession
from answerable.reader.windows import Window, WindowConfig, WindowMaker

BASELINE = "fp32, exported and fused"
CHOSEN = "int8"
THREADS = 2
# Around the threshold: a single one decides few questions, and the mean over many less by chance.
THRESHOLD_GRID = np.linspace(-2, 2, 41)[:, None]

_BEST = BertQuantization()
_EXPORTED = QuantizationConfig(contractions_in_blocks=False)
_BARE = replace(_BEST, level_inputs=False, neurons_apart=0, correct_biases=False)
# None: FP32. The first two come from PyTorch's export, fused by ONNX Runtime.
VARIANTS: Mapping[str, QuantizationConfig | BertQuantization | None] = {
    BASELINE: None,
    "int8, exported, 7-bit weights": _EXPORTED,
    "fp32, own graph": None,
    CHOSEN: _BEST,
    "int8, 7-bit weights": replace(_BEST, weight_bits=7),
    "int8, nothing rewritten": _BARE,
    "int8, inputs not leveled": replace(_BEST, level_inputs=False),
    "int8, no neurons apart": replace(_BEST, neurons_apart=0),
    "int8, biases not corrected": replace(_BEST, correct_biases=False),
    "int8, embeddings in FP32": replace(_BEST, embeddings=False),
}
PROFILED = (BASELINE, "fp32, own graph", "int8, exported, 7-bit weights", CHOSEN)


def main() -> None:
    """Build the variants, time them, let them answer, write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="trained FP32 folder of a BERT reader")
    parser.add_argument("data", type=Path, help="SQuAD 2.0 file, never trained on")
    parser.add_argument("--tokenizer", type=Path, help="default: tokenizer.json of SOURCE")
    parser.add_argument("--questions", type=int, default=1500, help="for F1; 0 for timing alone")
    parser.add_argument("--windows", type=int, default=30, help="for times")
    parser.add_argument("--rounds", type=int, default=7, help="times each variant reads them")
    parser.add_argument("--only", nargs="*", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    names = list(dict.fromkeys([BASELINE, *arguments.only]))
    tokenizer_path = arguments.tokenizer or arguments.source / "tokenizer.json"
    questions = read_squad(arguments.data)
    random.Random(arguments.seed).shuffle(questions)
    with tempfile.TemporaryDirectory() as work:
        folders = {name: Path(work) / str(i) for i, name in enumerate(names)}
        build(arguments.source, tokenizer_path, folders)
        windows = cut(questions[: arguments.windows], tokenizer_path)
        figures = {
            "model_sha256": sha256_of(arguments.source / "model.safetensors"),
            "data": {arguments.data.name: sha256_of(arguments.data)},
            "seed": arguments.seed,
            "speed": speed(folders, windows, arguments.rounds),
            "operators": {n: operators(folders[n], windows) for n in PROFILED if n in folders},
        }
        if arguments.questions:
            figures["quality"] = quality(folders, questions[: arguments.questions])
    print(json.dumps(figures, indent=2))
    print(f"written to {write_report('quantization', figures)}")


def build(source: Path, tokenizer_path: Path, folders: Mapping[str, Path]) -> None:
    """Write each variant's folder: ``model.onnx`` and the tokenizer."""
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    windows = sample_windows(tokenizer, WindowConfig())
    reader = load_bert_reader(source)
    for name, folder in folders.items():
        folder.mkdir()
        shutil.copyfile(tokenizer_path, folder / "tokenizer.json")
        model, config = folder / "model.onnx", VARIANTS[name]
        if isinstance(config, BertQuantization):
            write_graph(to_int8(reader, windows, folder, config), model, "int8")
        elif config is None and name != BASELINE:
            write_graph(reader, model, "fp32")
        else:
            export_reader(source, folder / "exported.onnx")
            if config is None:
                fuse_onnx(folder / "exported.onnx", model)
            else:
                quantize_onnx(folder / "exported.onnx", model, config)


def cut(questions: Sequence[SquadQuestion], tokenizer_path: Path) -> list[Window]:
    """Return the questions' windows on their own passages, at their real lengths."""
    maker = WindowMaker(Tokenizer.from_file(str(tokenizer_path)), WindowConfig())
    return [w for q in questions for w in maker.windows(q.question, [q.context])]


def speed(folders: Mapping[str, Path], windows: list[Window], rounds: int) -> dict[str, Any]:
    """Time all variants in turn, and set each against the baseline of the same round.

    Ratios are given by the clock and by processor time, which is steadier where other
    programs run beside.
    """
    sessions = {n: ReaderSession(f / "model.onnx", THREADS) for n, f in folders.items()}
    clock: dict[str, list[float]] = defaultdict(list)
    processor: dict[str, list[float]] = defaultdict(list)
    for session in sessions.values():
        session.logits(windows)  # warm
    for _ in range(rounds):
        for name, session in sessions.items():
            started, used = time.perf_counter(), time.process_time()
            session.logits(windows)
            clock[name].append((time.perf_counter() - started) / len(windows) * 1000)
            processor[name].append((time.process_time() - used) / len(windows) * 1000)
    lengths = [len(window.token_ids) for window in windows]
    return {
        "windows": len(windows),
        "tokens": {"mean": round(statistics.mean(lengths), 1), "longest": max(lengths)},
        "threads": THREADS,
        "rounds": rounds,
        "variants": {
            name: {
                "ms_per_window": round(statistics.median(clock[name]), 2),
                "cpu_ms_per_window": round(statistics.median(processor[name]), 2),
                "times_as_fast": _ratios(clock[BASELINE], clock[name]),
                "times_as_fast_by_cpu": _ratios(processor[BASELINE], processor[name]),
            }
            for name in sessions
        },
    }


def _ratios(baseline: list[float], variant: list[float]) -> dict[str, float]:
    ratios = [a / b for a, b in zip(baseline, variant, strict=True)]
    return {
        "median": round(statistics.median(ratios), 2),
        "lowest": round(min(ratios), 2),
        "highest": round(max(ratios), 2),
    }


def operators(folder: Path, windows: list[Window], rounds: int = 4) -> dict[str, Any]:
    """Return what the runtime executes: nodes and µs per window of each operator.

    Of each node's times over the rounds the least counts, which leaves out other programs.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_profiling = True
    options.enable_mem_pattern = False
    options.profile_file_prefix = str(folder / "profile")
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    session = ort.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    inputs = {node.name for node in session.get_inputs()}
    for _ in range(rounds):
        for window in windows:
            feeds = {
                "input_ids": window.token_ids[None],
                "attention_mask": np.ones_like(window.token_ids)[None],
                "token_type_ids": window.type_ids[None],
            }
            session.run(None, {name: feeds[name] for name in inputs})
    events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    times: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            times[event["args"]["op_name"], event["name"]].append(event["dur"])
    nodes: Counter[str] = Counter()
    micros: Counter[str] = Counter()
    for (operator, _), values in times.items():
        nodes[operator] += 1
        micros[operator] += np.reshape(values, (rounds, -1)).min(axis=0).mean()
    return {
        "us_per_window": round(sum(micros.values())),
        "by_operator": {
            operator: {"nodes": nodes[operator], "us": round(float(us))}
            for operator, us in micros.most_common()
        },
    }


def quality(folders: Mapping[str, Path], questions: Sequence[SquadQuestion]) -> dict[str, Any]:
    """Return each variant's F1 and what it loses, paired by question, with standard errors."""
    scores = {name: _answers(folder, questions) for name, folder in folders.items()}
    base = scores[BASELINE]
    thresholds = base.thresholds()
    return {
        "questions": len(questions),
        "variants": {
            name: {
                "f1": round(float(own.f1(thresholds).mean()), 2),
                "lost": _mean_and_error(base.f1(thresholds) - own.f1(thresholds)),
                "lost_over_thresholds": _mean_and_error(
                    np.mean([base.f1(t) - own.f1(t) for t in thresholds + THRESHOLD_GRID], axis=0)
                ),
                "null_odds_rms_difference": round(
                    float(np.sqrt(np.mean((own.null_odds - base.null_odds) ** 2))), 3
                ),
            }
            for name, own in scores.items()
        },
    }


class Answers:
    """A variant's answers, as F1 of giving the best span and of giving none, 0 to 100."""

    def __init__(self, given: Any, withheld: Any, null_odds: Any) -> None:
        self.given: npt.NDArray[np.float64] = np.array(given)
        self.withheld: npt.NDArray[np.float64] = np.array(withheld)
        self.null_odds: npt.NDArray[np.float64] = np.array(null_odds)

    def f1(self, thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return each question's F1 at its null threshold."""
        return np.where(self.null_odds <= thresholds, self.given, self.withheld)

    def thresholds(self) -> npt.NDArray[np.float64]:
        """Return for each question the threshold that is best on the other half."""
        is_even = np.arange(len(self.null_odds)) % 2 == 0
        return np.where(is_even, self._best(~is_even), self._best(is_even))

    def _best(self, half: npt.NDArray[np.bool_]) -> float:
        order = np.argsort(self.null_odds[half])
        gains = np.cumsum((self.given - self.withheld)[half][order])
        return float(self.null_odds[half][order][np.argmax(gains)])


def _answers(folder: Path, questions: Sequence[SquadQuestion]) -> Answers:
    evaluation = evaluate_squad(load_reader(folder, threads=THREADS), questions, float("inf"))
    spans = evaluation.predictions

    def f1(text: Callable[[str], str]) -> list[float]:
        return [squad_metrics([q], {q.id: text(q.id)})["f1"] for q in questions]

    odds = [evaluation.null_odds[q.id] for q in questions]
    return Answers(f1(spans.__getitem__), f1(lambda _: ""), odds)


def _mean_and_error(values: npt.NDArray[np.float64]) -> dict[str, float]:
    error = float(values.std() / np.sqrt(len(values)))
    return {"mean": round(float(values.mean()), 3), "standard_error": round(error, 3)}


if __name__ == "__main__":
    main()
