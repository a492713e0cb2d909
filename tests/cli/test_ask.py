"""``ask``, ``search`` and ``chat``: what is printed, and the exit code."""

import io
import json
import sys
from pathlib import Path

import pytest

from tests.api.test_types import ANSWER_KEYS, ASK_KEYS
from tests.cli.conftest import RunCli


def test_ask_prints_the_quote_in_its_sentence_with_its_source(cli: RunCli, shared: Path) -> None:
    """The quote, then its sentence with the quote marked, source, line and confidence."""
    run = cli("ask", "Days at home?", "--index", "index", cwd=shared)
    assert (run.code, run.err) == (0, "")
    assert run.out == (
        "three days per week\n"
        "\n"
        "  Employees may work from home **three days per week**.\n"
        "  handbook/remote.md, line 3, confidence 90%\n"
    )


def test_ask_abstains_with_exit_code_3(cli: RunCli, shared: Path) -> None:
    """No answer is said in plain words, with the nearest passages."""
    run = cli("ask", "What is the capital of Mongolia?", "--index", "index", cwd=shared)
    assert (run.code, run.err) == (3, "")
    assert run.out.startswith("No answer: the closest passages do not answer the question.\n")
    assert "Nearest passages:\n  handbook/" in run.out or "Nearest passages:\n  salaries" in run.out


def test_ask_json_has_the_keys_of_the_contract(cli: RunCli, shared: Path) -> None:
    """Standard output is one JSON object, for an answer and for an abstention."""
    answered = cli("ask", "Days at home?", "--json", "--index", "index", cwd=shared)
    value = json.loads(answered.out)
    assert (answered.code, set(value), set(value["answer"])) == (0, ASK_KEYS, ANSWER_KEYS)
    abstained = cli("ask", "Mongolia?", "--json", "--index", "index", cwd=shared)
    assert (abstained.code, json.loads(abstained.out)["answer"]) == (3, None)


def test_ask_as_somebody_sees_only_what_they_may(cli: RunCli, shared: Path) -> None:
    """``--as`` is the permission check; without it the whole index is seen."""
    question = ("ask", "What is the salary of the director?", "--index", "index")
    assert cli(*question, cwd=shared).code == 0
    assert cli(*question, "--as", "group:hr", "--as", "user:ann", cwd=shared).code == 0
    assert cli(*question, "--as", "user:ann", cwd=shared).code == 3


def test_min_probability_above_the_answer_abstains(cli: RunCli, shared: Path) -> None:
    """An answer below the limit is not given, and the reason is said."""
    run = cli("ask", "Days at home?", "--min-probability", "0.95", "--index", "index", cwd=shared)
    assert run.code == 3
    assert "no candidate is certain enough" in run.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ask", ""), "the question is empty"),
        (("ask", "x" * 1_000_000), "the question has 1,000,000 characters; at most 2,000"),
        (("ask", "x", "--as", "ann"), "principal 'ann' is neither"),
        (("ask", "x", "--collection", ""), "collection '' is not a name"),
        (("ask", "\u200b\x01"), "the question is empty"),
        (("search", " "), "the question is empty"),
        (("search", "x", "--as", "user:"), "principal 'user:' is neither"),
        (("search", "x", "--since", "soon"), "since 'soon' is not a date"),
        (("ask", "x", "--where", "author"), "not of the form KEY=VALUE"),
        (("ask", "x", "--where", "=Ann"), "metadata key '' is not one"),
        (("search", "x", "--document", "0"), "0 is not the id of a document"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_1(
    cli: RunCli, shared: Path, arguments: tuple[str, ...], message: str
) -> None:
    """What cannot be asked is one clear line on standard error."""
    run = cli(*arguments, "--index", "index", cwd=shared)
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("error: ")
    assert message in run.err
    assert run.err.count("\n") == 1


@pytest.mark.parametrize("command", ["ask", "search"])
def test_missing_index_names_the_command_that_makes_one(
    cli: RunCli, tmp_path: Path, command: str
) -> None:
    """Without an index the line says what to run."""
    run = cli(command, "x", cwd=tmp_path)
    assert run.code == 1
    assert "answerable ingest" in run.err
    assert not (tmp_path / ".answerable").exists()


def test_document_cannot_drive_the_terminal(cli: RunCli, shared: Path) -> None:
    """Escape sequences of a document are shown, not sent, as text and as JSON."""
    for format_ in ((), ("--json",)):
        run = cli("ask", "What is the code word?", *format_, "--index", "index", cwd=shared)
        assert run.code == 0
        assert "\x1b" not in run.out
    assert json.loads(run.out)["answer"]["text"] == "\x1b[31mred\x1b[0m herring"


def test_search_lists_passages(cli: RunCli, shared: Path) -> None:
    """Search prints rank, source and snippet, best first."""
    run = cli(
        "search", "parental leave", "--k", "1", "--mode", "lexical", "--index", "index", cwd=shared
    )
    assert run.code == 0
    assert run.out.startswith("  1. handbook/leave.txt")
    assert "Parental leave lasts 16 weeks. It is paid in full." in run.out


def test_search_json(cli: RunCli, shared: Path) -> None:
    """``search --json`` is the result of ``Engine.search``."""
    run = cli("search", "parental leave", "--k", "1", "--json", "--index", "index", cwd=shared)
    value = json.loads(run.out)
    assert (run.code, value["mode"], len(value["hits"])) == (0, "hybrid", 1)


def test_chat_answers_each_line_of_a_pipe(
    cli: RunCli, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty lines are passed over, a bad question does not end it, /quit does."""
    questions = ["Days at home?", "", "x" * 3000, "Mongolia?", "/quit", "How long parental?"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(questions)))
    run = cli("chat", "--index", "index", cwd=shared)
    assert run.code == 0
    assert run.out.startswith("three days per week\n")
    assert "No answer: " in run.out
    assert "16 weeks" not in run.out.split("Nearest")[0]
    assert "at most 2,000" in run.err


def test_chat_json_is_one_result_a_line(
    cli: RunCli, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program can hold a conversation over a pipe, with the end of input to leave."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("Days at home?\nMongolia?\n"))
    run = cli("chat", "--json", "--index", "index", cwd=shared)
    results = [json.loads(line) for line in run.out.splitlines()]
    assert [result["abstained"] for result in results] == [False, True]


def test_chat_at_a_terminal_prompts(
    cli: RunCli, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a terminal there is a prompt, and Ctrl-D ends it with a line of its own."""
    typed = iter(["Days at home?"])

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def ask_for(prompt: str) -> str:
        print(prompt, end="")
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", ask_for)
    run = cli("chat", "--index", "index", cwd=shared)
    assert run.code == 0
    assert run.out.startswith("? three days per week\n")
    assert run.out.endswith("? \n")
    assert "Ctrl-D" in run.err


def test_filters_narrow_a_search(cli: RunCli, own: Path) -> None:
    """Metadata told at ingest, type, date, id and collection each find or leave out."""
    (own / "new.txt").write_text("Maternity cover is arranged by the office.")
    told = ("--metadata", "author=Ann", "--metadata", "dept.name=HR")
    run = cli("ingest", "new.txt", *told, "--collection", "extra", "--index", "index", cwd=own)
    assert run.code == 0
    search = ("search", "maternity cover", "--json", "--index", "index")

    def n_found(*options: str) -> int:
        return len(json.loads(cli(*search, *options, cwd=own).out)["hits"])

    (hit,) = json.loads(cli(*search, "--where", "author=Ann", cwd=own).out)["hits"]
    assert hit["document"]["uri"].endswith("/new.txt")
    assert n_found("--where", "author=Ann", "--where", "dept.name=HR") == 1
    assert n_found("--where", "author=Bob") == 0
    assert n_found("--collection", "extra", "--collection", "none") == 1
    assert n_found("--document", str(hit["document"]["id"])) == 1
    assert n_found("--media-type", "text/plain", "--since", "2000-01-01") > 1
    assert n_found("--until", "2000-01-01") == 0
    abstained = cli("ask", "Maternity?", "--where", "author=Bob", "--index", "index", cwd=own)
    assert (abstained.code, "nothing in the index" in abstained.out) == (3, True)
