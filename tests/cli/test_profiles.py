"""Other systems' rules from the command line: ``--profile``, run_squad's flags, the comparison."""

import json
from pathlib import Path
from typing import get_args

import pytest

from answerable.cli.main import main
from answerable.cli.options import ProfileName
from answerable.cli.run_squad_flags import TrainingFlag, translated
from answerable.reader import PROFILES, read_null_odds
from tests.cli.conftest import RunCli
from tests.reader.squad_samples import question, write_squad

OFFICE = "The office in Utrecht closes at 18:30, said Ann Lee."
QUESTIONS = [
    question("1", "When does the office in Utrecht close?", "18:30", context=OFFICE),
    question("2", "Who said when the office closes?", "Ann Lee", context=OFFICE),
    question("3", "Who painted the Mona Lisa?", context=OFFICE),
]
KEYS = (
    "exact f1 total HasAns_exact HasAns_f1 HasAns_total NoAns_exact NoAns_f1 NoAns_total "
    "best_exact best_exact_thresh best_f1 best_f1_thresh"
).split()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a SQuAD 2.0 file."""
    monkeypatch.chdir(tmp_path)
    write_squad(tmp_path / "dev.json", *QUESTIONS)
    return tmp_path


def test_the_names_are_the_readers() -> None:
    """The command line lists every profile, and no other."""
    assert get_args(ProfileName) == tuple(PROFILES)


def test_ask_says_which_rule_decided(cli: RunCli, shared: Path) -> None:
    """The verdict has the system's name and its own score; there is no probability."""
    asked = ("ask", "--index", "index", "What is the desk allowance?")
    record = json.loads(cli(*asked, "--profile", "haystack2", "--json", cwd=shared).out)
    assert record["answer"]["text"] == record["profile"]["text"] == "400 euros"
    assert record["profile"]["name"] == "haystack2" and record["profile"]["score"] == 0.5
    assert record["answer"]["probability"] is None and record["calibration"] is None
    assert (
        "decided as haystack2, score 0.5" in cli(*asked, "--profile", "haystack2", cwd=shared).out
    )
    assert json.loads(cli(*asked, "--json", cwd=shared).out)["profile"] is None


def test_a_limit_and_a_profile_exclude_one_another(cli: RunCli, shared: Path) -> None:
    """A profile's score is no probability: no limit holds for it."""
    done = cli(
        "ask", "--index", "index", "What is the desk allowance?",
        "--profile", "hf", "--min-probability", "0.5", cwd=shared,
    )  # fmt: skip
    assert done.code == 1 and "leave min_probability and max_error out" in done.err
    assert cli("ask", "x", "--profile", "bert", cwd=shared).code == 2


@pytest.mark.model
@pytest.mark.usefixtures("folder")
def test_run_squad_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its flags with underscores: its rule, its three files, the 13 keys, its null odds."""
    command = (
        "--model_type albert --do_eval --predict_file dev.json --version_2_with_negative "
        "--do_lower_case --max_seq_length 128 --doc_stride 64 --max_query_length 64 --n_best_size 5 "
        "--max_answer_length 30 --null_score_diff_threshold 1.0 --per_gpu_eval_batch_size 8 "
        "--output_dir out --json"
    )
    assert main(["evaluate", "squad", *command.split()]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert set(KEYS) <= record.keys() and record["exact"] == 100.0
    assert record["system"].endswith("decided as run_squad")
    assert "--model_type, --do_eval, --per_gpu_eval_batch_size: nothing to do with it" in err
    written = {path.name for path in (folder / "out").iterdir()}
    assert {"predictions_.json", "nbest_predictions_.json", "null_odds_.json"} <= written
    predictions = json.loads((folder / "out" / "predictions_.json").read_text())
    assert predictions == {"1": "18:30", "2": "Ann Lee", "3": ""}
    n_best = json.loads((folder / "out" / "nbest_predictions_.json").read_text())
    assert list(n_best["1"][0]) == ["text", "probability", "start_logit", "end_logit"]
    assert sum(entry["probability"] for entry in n_best["1"]) == pytest.approx(1.0)
    assert [len(entries) for entries in n_best.values()] == [6, 6, 5]
    odds = read_null_odds(folder / "out" / "null_odds_.json")
    assert odds["1"] < 0 < odds["3"]
    assert record["best_exact_thresh"] in odds.values()


@pytest.mark.model
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", get_args(ProfileName))
def test_every_profile_evaluates(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The record names it; a rule without null odds reports none."""
    assert main(["evaluate", "squad", "dev.json", "--profile", name, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["system"].endswith(f"decided as {name}") and record["total"] == 3
    assert ("best_f1" in record) is (name != "openvino-demo")


@pytest.mark.model
@pytest.mark.usefixtures("folder")
def test_rules_beside_one_another(capsys: pytest.CaptureFixture[str]) -> None:
    """Ours first, equal to ``evaluate squad``; each rule once, two also with their option."""
    assert main(["compare-profiles", "dev.json", "--json"]) == 0
    rules = {rule["name"]: rule for rule in json.loads(capsys.readouterr().out)["rules"]}
    assert list(rules) == [
        "answerable", *PROFILES, "haystack1 (return_no_answer)", "hf (handle_impossible_answer)",
    ]  # fmt: skip
    assert main(["evaluate", "squad", "dev.json", "--json"]) == 0
    ours = json.loads(capsys.readouterr().out)
    assert (rules["answerable"]["exact"], rules["answerable"]["f1"]) == (ours["exact"], ours["f1"])
    assert rules["hf"]["abstained"] == 0.0 and rules["hf"]["false_answers"] == 100.0
    assert rules["openvino-demo"]["abstained"] == 100.0  # a short passage has no window
    assert main(["compare-profiles", "dev.json"]) == 0
    out, err = capsys.readouterr()
    assert out.split("\n")[0].split() == "decided as by exact F1 no answer false answers".split()
    assert "3 questions of dev.json" in err


@pytest.mark.parametrize(
    ("flag", "says"),
    [
        ("--learning_rate", "learning_rate into the spec"),
        ("--do_train=1", "train reader"),
        ("--fp16", "machine"),
    ],
)
def test_training_flags_are_refused(
    flag: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line that says where they belong."""
    assert main(["evaluate", "squad", "--predict_file", "dev.json", flag]) == 2
    err = capsys.readouterr().err
    assert says in err and err.count("\n") == 1


def test_translation_leaves_our_own_command_lines_alone() -> None:
    """Flags with dashes are ours; the script's folder goes before its file."""
    ours = ["dev.json", "--max-seq-length", "128", "--n-best-size=5"]
    assert translated(ours).arguments == ours and not translated(ours).is_run_squad
    found = translated(["--data_dir", "data/", "--predict_file=dev.json", "--threads", "4"])
    assert found.arguments == ["data/dev.json"] and found.is_run_squad
    assert found.ignored == ("--threads",)
    with pytest.raises(TrainingFlag, match="spec"):
        translated(["--weight_decay", "0.1"])


@pytest.mark.usefixtures("folder")
def test_window_options_need_a_profile(capsys: pytest.CaptureFixture[str]) -> None:
    """Our own reader knows its lengths."""
    assert main(["evaluate", "squad", "dev.json", "--max-seq-length", "128"]) == 2
    assert "need --profile" in capsys.readouterr().err
