"""The learning rate: over the steps of a run, and over the layers of a model.

Both follow from the spec and the step alone, so a resumed run needs nothing but its step.
"""

import re
from collections.abc import Iterable

from .options import OptimizerSpec

_LAYER = re.compile(r"\.layer\.(\d+)\.")
# Also ELECTRA's projection of them, and DeBERTa's of relative positions, with what is around.
_EMBEDDINGS = re.compile(r"embeddings|^deberta\.encoder\.(?:LayerNorm|conv)\.")


def learning_rate(step: int, spec: OptimizerSpec) -> float:
    """Return the rate for a step counted from 1: warm-up, constant, linear decay to zero."""
    warm = min(1.0, step / max(1, spec.warmup_steps))
    decay_steps = max(1, round(spec.max_steps * spec.decay_share))
    left = min(1.0, (spec.max_steps - step + 1) / decay_steps)
    return spec.learning_rate * min(warm, left)


def layer_factor(name: str, n_layers: int, decay: float) -> float:
    """Return the factor on the learning rate of a weight: 1 for the head, less below it.

    The top layer gets ``decay``, the one below it ``decay`` squared, the embeddings come last;
    what normalizes the top layer's output counts as the head.

    Source: Clark and others 2020, "ELECTRA", appendix B (layerwise learning-rate decay).
    """
    if match := _LAYER.search(name):
        return decay ** (n_layers - int(match[1]))
    return decay ** (n_layers + 1) if _EMBEDDINGS.search(name) else 1.0


def n_layers_of(names: Iterable[str]) -> int:
    """Count the layers that weights of these names belong to."""
    return len({match[1] for name in names if (match := _LAYER.search(name))})
