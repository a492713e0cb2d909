"""``answerable fill-mask``: where texts come from, and what is printed."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.api import Settings
from answerable.cli.main import main
from tests.reader.masks import scripted_masks

FRANCE = "Paris is the [MASK] of France."
DAY = "Today is a [MASK] day!"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``fill-mask`` with a model without a net; returns exit code, output and errors."""
    monkeypatch.setattr("answerable.api.open_masked_model", lambda settings: scripted_masks())

    def run_(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["fill-mask", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run_


def test_words_are_printed_with_their_probability(run: Run) -> None:
    """One line for each word: probability, word, and the text with it."""
    code, out, _ = run(FRANCE, "--top-k", 2)
    assert code == 0
    first, second = out.splitlines()
    assert first.split()[1:] == ["capital", *"Paris is the capital of France.".split()]
    assert first.split()[0].endswith("%")
    assert second.split()[1] == "city"


def test_json_holds_every_mask(run: Run) -> None:
    """``--json`` names the model, the texts, and for each mask its words."""
    code, out, _ = run(FRANCE, "[MASK] is [MASK].", "--targets", "city", "--json")
    value = json.loads(out)
    assert (code, value["model"]) == (0, "scripted")
    assert [result["text"] for result in value["results"]] == [FRANCE, "[MASK] is [MASK]."]
    assert [result["words"] for result in value["results"]] == [["city"], ["city", "city"]]
    word = value["results"][0]["masks"][0][0]
    assert word["sequence"] == "Paris is the city of France."
    assert word.keys() == {"score", "token", "token_str", "sequence"}


def test_lines_of_a_file_and_of_standard_input(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each line that is not empty is a text; several texts are printed above their words."""
    (tmp_path / "texts.txt").write_text(f"{FRANCE}\n\n{DAY}\n", encoding="utf-8")
    code, out, _ = run("--file", tmp_path / "texts.txt", "--top-k", 1)
    assert (code, out.count("\n")) == (0, 5)
    assert out.startswith(f"{FRANCE}\n") and f"\n\n{DAY}\n" in out
    for arguments in ((), ("-",)):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{DAY}\n"))
        code, out, _ = run(*arguments, "--json")
        assert (code, json.loads(out)["results"][0]["text"]) == (0, DAY)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["no mask"], 1, "text 1: the text has no mask: write [MASK]"),
        ([FRANCE, "--targets", " "], 1, "none of the targets"),
        ([FRANCE, "--file", "x"], 2, "not both"),
        (["--file", "none.txt"], 1, "none.txt"),
        ([FRANCE, "--top-k", "0"], 2, "--top-k"),
    ],
)
def test_a_mistake_is_one_line(run: Run, arguments: list[str], code: int, reason: str) -> None:
    """What cannot be filled is said in one line, without a traceback."""
    actual, out, error = run(*arguments)
    assert (actual, out) == (code, "")
    assert reason in error and error.count("\n") == 1


def test_an_empty_or_binary_file_is_refused(run: Run, tmp_path: Path) -> None:
    """A file without a text, and one that is none, are wrong usage."""
    for content, reason in ((b"\n \n", "holds no text"), (b"\xff\xfe\x00", "not UTF-8")):
        (tmp_path / "texts").write_bytes(content)
        code, _, error = run("--file", tmp_path / "texts")
        assert code == 2 and reason in error


def test_without_a_model_the_line_says_what_to_give(capsys: pytest.CaptureFixture[str]) -> None:
    """No folder named: the option, the variable and the command that makes one."""
    assert main(["fill-mask", FRANCE]) == 1
    error = capsys.readouterr().err
    assert "--model" in error and "ANSWERABLE_MASKED_MODEL" in error and "import-model" in error
    assert error.count("\n") == 1


def test_the_folder_may_be_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """ANSWERABLE_MASKED_MODEL names the folder for ``fill-mask``; ``--model`` wins over it."""
    monkeypatch.setenv("ANSWERABLE_MASKED_MODEL", str(tmp_path / "set"))
    for options, named in (([], "set"), (["--model", str(tmp_path / "given")], "given")):
        assert main(["fill-mask", FRANCE, *options]) == 1
        assert f"{tmp_path / named} is not a model folder" in capsys.readouterr().err


def test_serve_hands_the_folder_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``serve --masked-model`` reaches the service's settings."""
    served: list[Settings] = []

    def serve(settings: Settings, on_listening: object) -> None:
        served.append(settings)

    monkeypatch.setattr("answerable.api.http.server.serve", serve)
    assert main(["serve", "--masked-model", str(tmp_path), "--index", str(tmp_path)]) == 0
    assert [settings.masked_model for settings in served] == [tmp_path]
