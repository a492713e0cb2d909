"""``answerable quantize``: a trained model into the form that is run."""

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import print_built, print_json


def quantize(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Folder of a trained encoder or reader.")
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the result.")],
    name: Annotated[
        str | None, typer.Option("--name", help="What to call it; the new folder's name if unset.")
    ] = None,
    licence: Annotated[
        str, typer.Option("--licence", help="SPDX expression of the weights' licence.")
    ] = "NOASSERTION",
    origin: Annotated[
        str | None, typer.Option("--origin", help="What the weights were made from.")
    ] = None,
    json: options.Json = False,
) -> int:
    """Export a model to ONNX with INT8 weights; needs the models extra."""
    from answerable.api.model_building import build_model

    built = build_model(
        model, out, name=name or out.name, licence=licence, origin=origin or model.name
    )
    if json:
        print_json(
            {
                "folder": str(built.folder),
                "name": built.manifest.name,
                "kind": built.manifest.kind,
                "sha256": built.manifest.sha256,
                "agreement": built.agreement,
                "size_bytes": built.size_bytes,
            }
        )
    else:
        print_built(built)
    return DONE
