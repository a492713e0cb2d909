"""``answerable keys``, ``feedback`` and the refusals of ``serve``, at the terminal."""

import json
from pathlib import Path

import pytest

from answerable.api.http.database import ServiceDatabase
from answerable.api.http.keys import KeyStore
from answerable.cli.main import main
from answerable.reader import read_squad


def _run(*arguments: str, index: Path) -> int:
    return main([*arguments, "--index", str(index)])


def test_key_is_made_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The key is on standard output, once; the list shows all but the secret."""
    options = ("--name", "web", "--scope", "ask", "--as", "group:hr", "--expires", "90d")
    assert _run("keys", "create", *options, index=tmp_path) == 0
    text = capsys.readouterr().out.strip()
    database = ServiceDatabase(tmp_path)
    key = KeyStore(database).find(text)
    assert key is not None
    assert (key.name, key.scopes, key.principals) == ("web", ("ask",), ("group:hr",))
    assert _run("keys", "list", "--json", index=tmp_path) == 0
    shown = capsys.readouterr().out
    (listed,) = json.loads(shown)["keys"]
    assert (listed["id"], listed["is_valid"]) == (key.id, True)
    assert text.partition(".")[2] not in shown
    assert _run("keys", "revoke", key.id, index=tmp_path) == 0
    assert KeyStore(database).find(text) is None
    database.close()
    capsys.readouterr()
    assert _run("keys", "list", index=tmp_path) == 0
    assert "revoked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("keys", "create", "--name", "web", "--scope", "root"), "ask, ingest, metrics, admin"),
        (("keys", "create", "--name", "web", "--scope", "ask", "--expires", "soon"), "90d"),
        (("keys", "create", "--name", "web", "--scope", "ask", "--as", "hr"), "group:hr"),
        (("keys", "revoke", "nothing"), "keys list"),
        (("serve", "--host", "0.0.0.0"), "keys create"),
    ],
)
def test_refusals_say_what_to_do(
    arguments: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be is one line with the remedy, and exit code 1."""
    assert _run(*arguments, index=tmp_path) == 1
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1


def test_feedback_export_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without feedback the file is an empty data set, and the counts say so."""
    file = tmp_path / "feedback.json"
    assert _run("feedback", "export", str(file), "--json", index=tmp_path) == 0
    assert json.loads(capsys.readouterr().out) == {
        "answerable": 0,
        "unanswerable": 0,
        "rejected": 0,
        "left_out": 0,
    }
    assert read_squad(file) == []
