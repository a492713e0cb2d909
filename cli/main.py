"""The command line: which commands there are, and the one edge where errors end.

Commands parse, call ``answerable.api``, print, and return an exit code. Nothing
heavy is imported before a command runs, so ``--help`` is quick.
"""

import io
import logging
import os
import sys
from collections.abc import Sequence
from copy import copy
from importlib.metadata import version
from typing import Annotated

import typer

from .ask import ask
from .bench import bench
from .calibrate import calibrate
from .chat import chat
from .compare_profiles import compare_profiles
from .doctor import doctor
from .evaluate import evaluate
from .exit_codes import DONE, FAILED, INTERRUPTED, WRONG_USAGE
from .export import export
from .feedback import feedback
from .fill_mask import fill_mask
from .import_model import import_model
from .ingest import ingest
from .keys import keys
from .manage import remove, status
from .mcp import mcp
from .output import note
from .quantize import quantize
from .search import search
from .serve import serve
from .tao import tao
from .train import train

logger = logging.getLogger("answerable")

app = typer.Typer(
    name="answerable",
    help="Answers from your own documents: exact quotes with their source, or an honest no.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 ask found no answer.",
    invoke_without_command=True,
    rich_markup_mode=None,  # plain help: quicker, and the same in a pipe
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.command(epilog="Example: answerable ingest handbook/ --prune")(ingest)
app.command(epilog='Example: answerable ask "How many days may I work from home?"')(ask)
app.command(epilog='Example: answerable search "parental leave" --k 3')(search)
app.command(epilog="Example: answerable chat --collection default")(chat)
app.command(epilog="Example: answerable status --json")(status)
app.command(epilog="Example: answerable remove handbook/old.md")(remove)
app.command(epilog="Example: answerable doctor --repair")(doctor)
app.command(epilog="Example: answerable export > documents.jsonl")(export)
app.command(epilog="Example: answerable serve --port 8080")(serve)
app.command(epilog="Example: answerable mcp --index handbook.index")(mcp)
app.command(epilog="Example: answerable quantize runs/reader/model reader-int8")(quantize)
app.command(
    "fill-mask",
    epilog='Example: answerable fill-mask "Paris is the [MASK] of France." --model bert-base-cased',
)(fill_mask)
app.command(
    "import-model",
    epilog="Example: answerable import-model bert-large-squad2/ readers/bert-large --quantize",
)(import_model)
app.add_typer(keys, name="keys")
app.add_typer(feedback, name="feedback")
app.command(epilog="Example: answerable calibrate questions.csv --report calibration.html")(
    calibrate
)
app.command(epilog="Example: answerable compare-profiles dev-v2.0.json --max-questions 1000")(
    compare_profiles
)
app.add_typer(train, name="train")
app.add_typer(evaluate, name="evaluate")
app.add_typer(bench, name="bench")
app.add_typer(tao, name="tao")


@app.callback()
def _options(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Log more, and tracebacks with errors.")
    ] = False,
) -> None:
    if debug:
        logger.setLevel(logging.DEBUG)
    if show_version:
        print(f"answerable {version('answerable')}")
        raise typer.Exit(DONE)
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(WRONG_USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; every error ends here as one line.

    Args:
        arguments: without the program's name; None for those of the process.
    """
    _configure_streams()
    try:
        code = app(args=arguments, prog_name="answerable", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone, and wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except typer.TyperException as exc:
        return _failed(f"{exc.format_message()} {_see_help(exc)}", exc.exit_code)
    except OSError as exc:  # the system's own words: a full disk, for one
        logger.debug("traceback", exc_info=True)
        return _failed(
            ": ".join(str(part) for part in (exc.strerror, exc.filename) if part), FAILED
        )
    except typer.Abort:
        return _failed("interrupted", INTERRUPTED)
    except Exception as exc:
        logger.debug("traceback", exc_info=True)
        return _failed(_one_line(exc), FAILED)
    if code == INTERRUPTED:  # what Typer makes of Ctrl-C
        return _failed("interrupted", INTERRUPTED)
    return code or DONE


def _failed(message: str, code: int) -> int:
    note(f"error: {message}")
    return code


def _one_line(exc: Exception) -> str:
    """Return what to tell the user: our own errors say it; others are a defect of ours."""
    # Not imported here: what failed may be an import, and then none of our errors was raised.
    ours = sys.modules.get("answerable.index.errors")
    if ours and isinstance(exc, ours.AnswerableError):
        # The command for just this index and reader, where it is another than the message's.
        notes = [note for note in getattr(exc, "__notes__", []) if note not in str(exc)]
        return "; ".join([str(exc), *(f"here: {note}" for note in notes)])
    return f"{type(exc).__name__}: {exc} (unexpected: run answerable --debug ... for more)"


def _see_help(exc: typer.TyperException) -> str:
    context: typer.Context | None = getattr(exc, "ctx", None)
    return f'(see "{context.command_path} --help")' if context else ""


def _configure_streams() -> None:
    """Send our log to standard error, and let no character of a text stop the output.

    A stream that was closed before we began leads nowhere, instead of being None.
    """
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115  as long as the process
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LowerCase("%(levelname)s: %(message)s"))
    logger.handlers = [handler]
    logger.setLevel(logging.WARNING)


class _LowerCase(logging.Formatter):
    """Levels as the rest of the program writes: ``warning: ...``."""

    def format(self, record: logging.LogRecord) -> str:
        ours = copy(record)  # others that see the record know its level by the usual name
        ours.levelname = record.levelname.lower()
        return super().format(ours)
