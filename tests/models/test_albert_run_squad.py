"""An ALBERT folder with SentencePiece, from its import to run_squad's three files."""

import json
import struct
from pathlib import Path

import pytest

from answerable.api import evaluate_files
from answerable.cli.main import main
from answerable.index import load_manifest
from answerable.reader import read_null_odds, read_squad
from tests.models.folders import save_model
from tests.reader.squad_samples import question, write_squad

pytestmark = pytest.mark.models

CONTEXT = "The engineers dammed the upper Orle at a narrow gorge in 1904, said Ann Lee's son. "
KEYS = (
    "exact f1 total HasAns_exact HasAns_f1 HasAns_total NoAns_exact NoAns_f1 NoAns_total "
    "best_exact best_exact_thresh best_f1 best_f1_thresh"
).split()
_NORMAL, _UNKNOWN, _CONTROL = 1, 2, 3


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _piece(text: str, score: float, kind: int) -> bytes:
    content = (
        _field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind])
    )
    return _field(1, content)


def write_spiece(folder: Path, text: str) -> int:
    """Write a Unigram ``spiece.model`` of a text's words and letters; return its size."""
    words = dict.fromkeys(f"\u2581{word.strip('.,').lower()}" for word in text.split())
    letters = dict.fromkeys("\u2581abcdefghijklmnopqrstuvwxyz0123456789.,'?")
    special = [("<pad>", _CONTROL), ("<unk>", _UNKNOWN)]
    special += [(name, _CONTROL) for name in ("[CLS]", "[SEP]", "[MASK]")]
    pieces = [_piece(name, 0.0, kind) for name, kind in special]
    pieces += [_piece(word, -2.0, _NORMAL) for word in words]
    pieces += [_piece(letter, -9.0, _NORMAL) for letter in letters if letter not in words]
    trainer = _field(2, b"\x18\x01")  # Unigram
    (folder / "spiece.model").write_bytes(b"".join(pieces) + trainer)
    return len(pieces)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ALBERT of random weights, imported by the command."""
    folder = tmp_path_factory.mktemp("albert")
    source = folder / "albert"
    source.mkdir()
    size = write_spiece(source, CONTEXT)
    save_model(
        source, "Albert", "ForQuestionAnswering", vocab_size=size, max_position_embeddings=160
    )
    (source / "tokenizer_config.json").write_text(
        json.dumps({"do_lower_case": True, "tokenizer_class": "AlbertTokenizer"})
    )
    out = folder / "reader"
    arguments = ["--null-answer", "trained", "--max-seq-tokens", "128"]
    assert main(["import-model", str(source), str(out), *arguments]) == 0
    return out


def test_run_squad_on_albert(
    imported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its own command line, windows that slide, three files in its form, odds that are scored."""
    monkeypatch.chdir(tmp_path)
    write_squad(
        tmp_path / "dev.json",
        question("1", "Who dammed the Orle?", "The engineers", context=CONTEXT * 8),
        question("2", "When was it?", "1904", context=CONTEXT),
        question("3", "Where is Ann?", context=CONTEXT),
    )
    command = (
        f"--model_type albert --model_name_or_path {imported} --do_eval --predict_file dev.json "
        "--version_2_with_negative --do_lower_case --max_seq_length 64 --doc_stride 24 "
        "--max_query_length 16 --n_best_size 20 --max_answer_length 12 --output_dir out --json"
    )
    assert main(["evaluate", "squad", *command.split()]) == 0
    record = json.loads(capsys.readouterr().out)
    assert set(KEYS) <= record.keys() and record["total"] == 3
    predictions, n_best, odds = (
        json.loads((tmp_path / "out" / f"{name}_.json").read_text())
        for name in ("predictions", "nbest_predictions", "null_odds")
    )
    for id, entries in n_best.items():
        assert list(entries[0]) == ["text", "probability", "start_logit", "end_logit"]
        texts = [entry["text"] for entry in entries]
        assert len(set(texts)) == len(texts) and "" in texts
        best = next(entry for entry in entries if entry["text"])
        assert predictions[id] == ("" if odds[id] > 0 else best["text"])
        spaced = " ".join((CONTEXT * 8).split())
        assert all(text in spaced and text == text.strip() for text in texts)
    assert record["best_f1_thresh"] in [0.0, *odds.values()]
    assert read_null_odds(tmp_path / "out" / "null_odds_.json") == odds


def test_albert_reads_without_its_library(imported: Path, tmp_path: Path) -> None:
    """The manifest says what it is; our own rule reads with it too."""
    manifest = load_manifest(imported, "reader")
    assert manifest.provenance["architecture"] == "albert"
    asked = question("1", "Who dammed the Orle?", "The engineers", context=CONTEXT * 8)
    path = write_squad(tmp_path / "dev.json", asked)
    (evaluation,) = evaluate_files([path], imported)
    assert evaluation.result.predictions["1"] in read_squad(path)[0].context
