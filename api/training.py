"""Training from the command line's side: a spec file in, a report out.

The training code needs torch, which the plain install leaves out; it is
imported here when it is asked for.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ExtraMissing

if TYPE_CHECKING:  # needs torch
    from answerable.reader.training.finished import TrainReport


def train_reader(spec: Path, overrides: list[str], *, resume: bool) -> "TrainReport":
    """Run a reader's training spec to its end.

    Args:
        spec: YAML file.
        overrides: ``key.sub=value``, later ones winning.
        resume: continue from the last checkpoint.

    Raises:
        ExtraMissing: the ``models`` extra is not installed.
        TrainSpecInvalid: the spec or an override cannot be used.
        DatasetInvalid: a data file cannot be read.
        ModelFolderInvalid: the base model cannot be read.
    """
    from answerable.reader.training import load_spec

    loaded = load_spec(spec, overrides)
    try:
        from answerable.reader.training import loop
    except ModuleNotFoundError as exc:
        raise ExtraMissing(
            f"training needs the models extra ({exc.name} is missing): "
            "pip install 'answerable[models]'"
        ) from exc
    return loop.train_reader(loaded, resume=resume)
