"""The folder of a finished encoder: weights, and all that says how they were made."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import yaml
from sentence_transformers import SentenceTransformer

from .spec import RetrieverTrainSpec


@dataclass(frozen=True, slots=True)
class RetrieverTrainReport:
    """What a finished run did; written to ``metrics.json`` beside the weights.

    Attributes:
        steps: optimizer steps.
        tokens: tokens seen, padding not counted.
        seconds: time spent in steps, interruptions not counted.
        final_loss: smoothed over some 20 steps; None where nothing was trained.
        data_sha256: hex digest of each data file, by name.
        questions: different questions seen.
        validation: figures on left-out articles; None where the spec asks for none.
    """

    steps: int
    tokens: int
    seconds: float
    final_loss: float | None
    data_sha256: Mapping[str, str]
    questions: int
    validation: Mapping[str, float] | None = None


def write_finished(
    spec: RetrieverTrainSpec,
    model: SentenceTransformer,
    report: RetrieverTrainReport,
    left_out: Mapping[str, list[str]],
) -> None:
    """Write a Sentence Transformers folder, its spec and its metrics to ``model`` in the output.

    Args:
        spec: the run.
        model: in FP32, with the weights that are to be kept.
        report: becomes ``metrics.json``.
        left_out: titles that were not trained on, by data file; becomes ``left_out.json``.
    """
    folder = spec.output / "model"
    model.eval().save(str(folder), create_model_card=False, safe_serialization=True)
    described = yaml.safe_dump(spec.model_dump(mode="json"), sort_keys=False)
    (folder / "train.yaml").write_text(described, encoding="utf-8")
    for name, value in (("left_out", dict(left_out)), ("metrics", asdict(report))):
        text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
