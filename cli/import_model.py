"""``answerable import-model``: a model of another system into a folder that runs here."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_built, print_json
from .progress import progress_bar


def import_model(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            readable=False,  # not looked at here: the import says what is wrong with it
            help="A Hugging Face folder (reader, masked-language model, Sentence Transformers "
            "encoder), an ONNX file with its tokenizer beside it, a .nemo archive, a Megatron-LM "
            "checkpoint, or OpenVINO IR (.xml with its .bin and vocab.txt).",
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the result.")],
    quantize: Annotated[
        bool, typer.Option("--quantize", help="Write INT8: smaller, faster, nearly the same.")
    ] = False,
    null_answer: Annotated[
        Literal["trained", "none"] | None,
        typer.Option(
            "--null-answer",
            help='Whether it was trained to say "no answer" (SQuAD 2.0) or not (SQuAD 1.1); unset '
            "for what the source says.",
        ),
    ] = None,
    max_seq_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-seq-tokens",
            metavar="N",
            min=16,
            help="Tokens of a window (384), 512 at most for most models.",
        ),
    ] = None,
    cased: Annotated[
        bool | None,
        typer.Option(
            "--cased/--uncased",
            help="Whether capitals count, where the tokenizer's files do not say it or are wrong.",
        ),
    ] = None,
    output_names: Annotated[
        str | None,
        typer.Option(
            "--output-names",
            metavar="START,END",
            help="An ONNX file's outputs, where they cannot be told by their names.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What to call it; the new folder's name if unset.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="SPDX expression of the weights' licence.")
    ] = None,
    json: options.Json = False,
) -> int:
    """Convert a model, check that it gives the same logits, and write it with a manifest.

    No code of the source runs. The result needs no torch: use it with --reader or --encoder.
    """
    from answerable.api.modeling.importing import ImportChoices
    from answerable.api.modeling.importing import import_model as run

    choices = ImportChoices(
        quantize=quantize,
        name=name,
        licence=licence,
        null_answer=null_answer,
        max_seq_tokens=max_seq_tokens,
        lower_case=None if cased is None else not cased,
        output_names=tuple(output_names.split(",")) if output_names else (),
    )
    with progress_bar() as show:
        imported = run(source, out, choices, show)
    if json:
        print_json(
            {
                "folder": str(imported.folder),
                "name": imported.manifest.name,
                "kind": imported.manifest.kind,
                "sha256": imported.manifest.sha256,
                "settings": dict(imported.manifest.settings),
                "provenance": dict(imported.manifest.provenance),
                "agreement": imported.agreement,
                "size_bytes": imported.size_bytes,
                "notes": list(imported.notes),
            }
        )
    else:
        print_built(imported)
    for line in imported.notes:
        note(line)
    return DONE
