"""Imported readers against the original library: logits and best spans on random inputs.

    python benchmarks/import_fidelity.py

For every architecture: a reader of random weights, saved by transformers, is imported in FP32;
then transformers runs the source's own folder, and ONNX Runtime the imported one, on the same
random tokens of 16 to 384. Every logit must be within 1e-4, with the same best span every time,
or the script fails. ``--int8`` reports INT8 beside it, of which random weights say little. Writes
``results/import_fidelity.json``. Needs the extra ``models``; about 2 minutes of one core.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from report import write_report

from answerable.api.modeling.importing import ImportChoices, import_model
from answerable.reader.conversion.checking import onnx_run
from answerable.reader.conversion.sample_texts import SAMPLES
from answerable.reader.feeds import Run
from answerable.reader.spans import best_token_spans

LOGITS = ("start_logits", "end_logits")
SHORTEST, LONGEST, MAX_ANSWER_TOKENS = 16, 384, 30
POSITIONS = 512
LIMIT = 1e-4


def architectures(width: int, layers: int) -> dict[str, dict[str, Any]]:
    """Return each architecture's configuration, with what is its own about it switched on."""
    usual = {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 32,
        "intermediate_size": 4 * width,
        "max_position_embeddings": POSITIONS,
    }
    return {
        "Bert": usual,
        "Albert": {**usual, "embedding_size": width // 2},
        "Electra": {**usual, "embedding_size": width // 2},
        "Roberta": {**usual, "max_position_embeddings": POSITIONS + 2, "type_vocab_size": 1},
        "DistilBert": {
            "dim": width,
            "n_layers": layers,
            "n_heads": width // 32,
            "hidden_dim": 4 * width,
            "max_position_embeddings": POSITIONS,
        },
        "MegatronBert": usual,
        "DebertaV2": {
            **usual,
            "type_vocab_size": 0,
            "relative_attention": True,
            "position_buckets": 64,
            "pos_att_type": ["p2c", "c2p"],
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
            "position_biased_input": False,
        },
    }


def main() -> None:
    """Import and compare every architecture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=200, help="random inputs per architecture")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--int8", action="store_true", help="import in INT8, too")
    parser.add_argument("--only", nargs="*", help="names of architectures")
    arguments = parser.parse_args()
    figures = {}
    for stem, config in architectures(arguments.width, arguments.layers).items():
        if arguments.only and stem not in arguments.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            figures[stem] = compare(Path(folder), stem, config, arguments)
        print(stem, figures[stem], flush=True)
    settings = {"width": arguments.width, "layers": arguments.layers, "limit": LIMIT}
    if not arguments.only:
        write_report(
            "import_fidelity",
            {
                "inputs_per_architecture": arguments.inputs,
                "tokens": [SHORTEST, LONGEST],
                "settings": settings,
                "versions": {"transformers": transformers.__version__, "torch": torch.__version__},
                "architectures": figures,
            },
        )
    failed = [n for n, f in figures.items() if not is_same(f["fp32"], arguments.inputs)]
    if failed:
        raise SystemExit(f"not the same model: {', '.join(failed)}")


def is_same(figures: dict[str, Any], n_inputs: int) -> bool:
    """Tell whether an imported model passed."""
    return figures["largest_difference"] <= LIMIT and figures["same_best_span"] == n_inputs


def compare(
    folder: Path, stem: str, config: dict[str, Any], arguments: argparse.Namespace
) -> dict[str, Any]:
    """Import one architecture and compare it with the library."""
    source = folder / "source"
    write_source(source, stem, config)
    original = library_run(source, stem)
    size = len((source / "vocab.txt").read_text(encoding="utf-8").split("\n")) - 1
    has_types = config.get("type_vocab_size", 2) > 1 and stem != "DistilBert"
    inputs = random_inputs(arguments.inputs, size, has_types)
    expected = [original(*each) for each in inputs]
    spread = float(np.mean([np.std(values) for pair in expected for values in pair]))
    figures: dict[str, Any] = {"logits_standard_deviation": round(spread, 3)}
    for form in ("fp32", "int8") if arguments.int8 else ("fp32",):
        choices = ImportChoices(quantize=form == "int8", null_answer="trained")
        import_model(source, folder / form, choices)
        imported = onnx_run(folder / form / "model.onnx", LOGITS)
        actual = [imported(*each) for each in inputs]
        figures[form] = differences(expected, actual)
    return figures


def differences(expected: Sequence[Any], actual: Sequence[Any]) -> dict[str, Any]:
    """Return the largest difference of a logit, and how many inputs have the same best span."""
    largest = max(
        float(np.abs(a - b).max())
        for one, other in zip(expected, actual, strict=True)
        for a, b in zip(one, other, strict=True)
    )
    same = sum(
        best_span(*one) == best_span(*other) for one, other in zip(expected, actual, strict=True)
    )
    return {"largest_difference": float(f"{largest:.3g}"), "same_best_span": same}


def best_span(start: Any, end: Any) -> tuple[int, int]:
    """Return the best span of at most 30 tokens."""
    allowed = np.ones(len(start), np.bool_)
    (span,) = best_token_spans(
        start,
        end,
        starts_allowed=allowed,
        ends_allowed=allowed,
        has_content=allowed,
        max_answer_tokens=MAX_ANSWER_TOKENS,
        n_best=1,
    )
    return span.start_token, span.end_token


def random_inputs(count: int, vocab_size: int, has_types: bool) -> list[tuple[Any, Any]]:
    """Return token ids and type ids of random lengths."""
    random = np.random.default_rng(0)
    lengths = random.integers(SHORTEST, LONGEST + 1, count)
    return [
        (
            random.integers(0, vocab_size, n),
            (np.arange(n) > random.integers(1, n)).astype(np.int64) * has_types,
        )
        for n in lengths
    ]


def library_run(folder: Path, stem: str) -> Run:
    """Return transformers' forward pass on the source's own folder."""
    model = getattr(transformers, f"{stem}ForQuestionAnswering").from_pretrained(folder).eval()

    def run(token_ids: Any, type_ids: Any) -> list[Any]:
        feeds = {"input_ids": torch.from_numpy(token_ids[None])}
        if type_ids.any():
            feeds["token_type_ids"] = torch.from_numpy(type_ids[None])
        with torch.no_grad():
            given = model(**feeds)
        return [given[name][0].numpy() for name in LOGITS]

    return run


def write_source(folder: Path, stem: str, config: dict[str, Any]) -> None:
    """Write a reader of random weights, saved by transformers, and a vocabulary."""
    words = {word.lower() for pair in SAMPLES for text in pair for word in text.split()}
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words)]
    torch.manual_seed(0)
    model_class = getattr(transformers, f"{stem}ForQuestionAnswering")
    library_config = model_class.config_class(
        **config, vocab_size=len(tokens), initializer_range=0.2
    )
    model_class(library_config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
