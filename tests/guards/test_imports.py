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


@pytest.mark.parametrize("module", ["answerable.api", "answerable.reader", "answerable.retriever"])
def test_onnx_runtime_is_told_to_be_quiet_before_it_loads(module: str, tmp_path: Path) -> None:
    """By the time ONNX Runtime is imported, the variable that keeps its telemetry off is set."""
    program = f"""
import os, sys
os.environ.pop("ORT_DISABLE_TELEMETRY", None)
class Watch:
    def find_spec(name, path=None, target=None):
        if name == "onnxruntime":
            assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
sys.meta_path.insert(0, Watch)
import {module}
"""
    assert "onnxruntime" in _loaded_after(program, tmp_path)
