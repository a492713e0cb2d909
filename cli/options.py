"""Options that several commands take."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def share(text: str) -> float:
    """Return a share as people type it, as a number: 0.1, not 10%.

    Raises:
        BadParameter: it is no number.
    """
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number: give a share such as 0.1") from None


Index = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="DIR",
        readable=False,  # not looked at here: the index says what is wrong with its folder
        help="Folder of the index; ANSWERABLE_INDEX, else .answerable, if not given.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Reader = Annotated[
    Path | None,
    typer.Option(
        "--reader",
        metavar="DIR",
        readable=False,  # not looked at here: whoever loads it says what is wrong with it
        help="Folder of the reader; ANSWERABLE_READER, else the shipped one, if not given.",
    ),
]
Encoder = Annotated[
    Path | None,
    typer.Option(
        "--encoder",
        metavar="DIR",
        readable=False,
        help="Folder of the sentence encoder; ANSWERABLE_ENCODER, else the shipped one, if not "
        "given. An index keeps to the one it was made with.",
    ),
]
K = Annotated[int | None, typer.Option("--k", min=1, max=100, help="Passages looked at (10).")]
NBest = Annotated[
    int | None, typer.Option("--n-best", min=1, max=20, help="Candidates listed in --json (5).")
]
MinProbability = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="No answer below this probability; the reader has its own limit."
    ),
]
MaxError = Annotated[
    float | None,
    typer.Option(
        parser=share,
        metavar="SHARE",
        help="Answer so that at most this share of the answers is wrong, as 0.1; needs a "
        "calibration that supports it. Instead of --min-probability.",
    ),
]
ProfileName = Literal[
    "openvino-demo", "nemo", "run_squad", "run_qa", "haystack1", "haystack2", "hf"
]
Profile = Annotated[
    ProfileName | None,
    typer.Option(
        "--profile",
        help="Decide as another system does, by its own score (docs/profiles.md).",
    ),
]
Collection = Annotated[
    str | None, typer.Option("--collection", metavar="NAME", help="Only this collection.")
]
Collections = Annotated[
    list[str] | None,
    typer.Option("--collection", metavar="NAME", help="Only this collection; repeatable."),
]
Documents = Annotated[
    list[int] | None,
    typer.Option("--document", metavar="ID", help="Only the document of this id; repeatable."),
]
MediaTypes = Annotated[
    list[str] | None,
    typer.Option("--media-type", metavar="TYPE", help="Only this type, as text/html; repeatable."),
]
Since = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Only documents changed on this day or later (2024-05-01)."),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="Only documents changed on this day or earlier."),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="KEY=VALUE",
        help="Only documents with this metadata, as author=Ann or dept.name=HR; repeatable.",
    ),
]
As = Annotated[
    list[str] | None,
    typer.Option(
        "--as",
        metavar="PRINCIPAL",
        help="Ask as user:NAME or group:NAME, and see only what they may; repeatable. "
        "Without it, everything in the index is seen.",
    ),
]


def check_one_limit(min_probability: float | None, max_error: float | None) -> None:
    """Refuse two ways to say how sure an answer must be, and shares that are none."""
    if min_probability is not None and max_error is not None:
        raise typer.BadParameter("give either --max-error or --min-probability, not both")
    if max_error is not None and not 0 < max_error < 1:
        raise typer.BadParameter("--max-error is a share above 0 and below 1, such as 0.1")
