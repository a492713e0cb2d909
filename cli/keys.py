"""``answerable keys``: who may use the service, and as whom."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options
from .exit_codes import DONE
from .output import note, print_json
from .terminal import safe_line

if TYPE_CHECKING:  # imported when the commands run
    from pathlib import Path

    from answerable.api.http.keys import ApiKey, KeyStore

keys = typer.Typer(
    help="Make, list and revoke the keys of the HTTP service.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@keys.command(
    epilog="Example: answerable keys create --name web --scope ask --as group:sales --expires 90d"
)
def create(
    name: Annotated[str, typer.Option("--name", help="To tell keys apart.")],
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="What it may do: ask, ingest, metrics or admin; repeatable."),
    ],
    principals: Annotated[
        list[str] | None,
        typer.Option(
            "--as",
            metavar="PRINCIPAL",
            help="As whom it asks, as user:ann or group:hr; repeatable. Only the public's "
            "documents, if not given.",
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="SPAN", help="After 12h, 90d or 4w.")
    ] = None,
    index: options.Index = None,
    json: options.Json = False,
) -> int:
    """Make a key and show it, this once."""
    key, text = _store(index).create(name, scope, principals or (), expires)
    if json:
        print_json({**_shown(key), "key": text})
    else:
        print(text)
        note("This is the only time that the key is shown: keep it where passwords are kept.")
    return DONE


@keys.command("list", epilog="Example: answerable keys list --json")
def list_(index: options.Index = None, json: options.Json = False) -> int:
    """List keys, revoked and expired ones too; secrets are not stored."""
    found = _store(index).all()
    if json:
        print_json({"keys": [_shown(key) for key in found]})
        return DONE
    for key in found:
        state = "revoked" if key.revoked_at else "valid" if key.is_valid else "expired"
        who = ", ".join(key.principals) or "public"
        print(
            f"{key.id}  {state:<7}  {safe_line(key.name)}  {' '.join(key.scopes)}  as {who}  "
            f"expires {key.expires_at or 'never'}  last used {key.last_used_at or 'never'}"
        )
    return DONE


@keys.command(epilog="Example: answerable keys revoke 0123456789ab")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")],
    index: options.Index = None,
    json: options.Json = False,
) -> int:
    """Make a key worthless from the next request on."""
    key = _store(index).revoke(key_id)
    if json:
        print_json(_shown(key))
    else:
        print(f"revoked {key.id} {safe_line(key.name)}")
    return DONE


def _store(index: "Path | None") -> "KeyStore":
    from answerable.api import load_settings
    from answerable.api.http.database import ServiceDatabase
    from answerable.api.http.keys import KeyStore

    return KeyStore(ServiceDatabase(load_settings(index=index).index))


def _shown(key: "ApiKey") -> dict[str, Any]:
    from answerable.api import to_json

    return {**to_json(key), "is_valid": key.is_valid}
