"""What importing costs, measured in fresh processes: heavy libraries load where they are used."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "faiss",
    "kreuzberg",
    "numpy",
    "onnxruntime",
    "sentence_transformers",
    "tokenizers",
    "torch",
)
WEB = ("fastapi", "starlette", "uvicorn")
FOLDERS = ("api", "cli", "index", "reader", "retriever")


def _loaded_after(program: str, folder: Path) -> list[str]:
    """Run a program in a process of its own; return the top-level modules it loaded."""
    report = "import json, sys; json.dump(sorted(set(sys.modules)), sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{report}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return [str(name) for name in json.loads(done.stderr)]


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    """``answerable --help`` prints without the numeric, document and web libraries."""
    program = """
import sys
from answerable.cli.main import main
sys.argv = ["answerable", "--help"]
try:
    main()
except SystemExit as exit:
    assert not exit.code, exit.code
"""
    loaded = _loaded_after(program, tmp_path)
    assert [name for name in loaded if name in HEAVY + WEB] == []


def test_engine_loads_no_web_framework(tmp_path: Path) -> None:
    """``import answerable.api`` serves a program in process: FastAPI stays out."""
    loaded = _loaded_after("import answerable.api", tmp_path)
    assert [name for name in loaded if name in WEB] == []


@pytest.mark.source
def test_no_second_copy_of_a_folder(source_root: Path) -> None:
    """Started in the source tree, the command line imports no folder by its bare name."""
    loaded = _loaded_after("import answerable.cli.main", source_root)
    assert [name for name in loaded if name.split(".")[0] in FOLDERS] == []
