"""``answerable quantize``: a trained model into the form that is run."""

from pathlib import Path
from typing import Annotated

import typer

from . import options
from .exit_codes import DONE
from .output import print_built, print_json
from .progress import progress_bar


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
    weights: Annotated[
        int | None,
        typer.Option(
            "--weights",
            metavar="BITS",
            min=7,
            max=8,
            help="Bits of a weight: 7 or 8. Unset: 8 for BERT models, 7 for all others.",
        ),
    ] = None,
    keep_fp32: Annotated[
        list[str] | None,
        typer.Option(
            "--keep-fp32",
            metavar="PATTERN",
            help="Leave modules of this name in FP32, such as '*.layer.0.*'; repeatable.",
        ),
    ] = None,
    fp32: Annotated[
        bool, typer.Option("--fp32", help="Write the model in FP32, to compare with INT8.")
    ] = False,
    json: options.Json = False,
) -> int:
    """Write a model as INT8 ONNX, checked against FP32; needs the models extra."""
    if fp32 and (weights or keep_fp32):
        raise typer.BadParameter("--fp32 quantizes nothing: leave out --weights and --keep-fp32")
    from answerable.api.modeling.building import build_model

    with progress_bar() as show:
        built = build_model(
            model,
            out,
            name=name or out.name,
            licence=licence,
            origin=origin or model.name,
            weight_bits=weights,
            keep_fp32=keep_fp32 or (),
            fp32=fp32,
            on_step=show,
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
