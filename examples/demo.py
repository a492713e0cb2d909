"""The demo: ingest a small company's handbook, ask it six questions, print the quotes.

    python examples/demo.py

Makes a fresh index beside this file and leaves it there, to go on asking:
``answerable ask --index examples/.demo-index "..."``.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
INDEX = HERE / ".demo-index"
NO_ANSWER = 3  # exit code of ``ask`` when it abstains


def main() -> int:
    """Run the commands that a user would, and fail if one of them does."""
    shutil.rmtree(INDEX, ignore_errors=True)
    questions = json.loads((HERE / "questions.json").read_text(encoding="utf-8"))
    if answerable("ingest", "--index", str(INDEX), str(HERE / "handbook")) != 0:
        return 1
    for question in questions:
        code = answerable("ask", "--index", str(INDEX), question["question"])
        if code not in (0, NO_ANSWER):
            return code
    return 0


def answerable(*arguments: str) -> int:
    """Show a command as one would type it, run it, and return its exit code."""
    shown = [f'"{a}"' if " " in a else a for a in arguments]
    print("\n$ answerable", *shown, flush=True)
    return subprocess.run(
        [sys.executable, "-m", "answerable.cli", *arguments], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
