"""Check what is in a wheel: ``python tools/check_wheel.py dist/answerable-*.whl``.

A package missing from pyproject.toml, a model left out or a test packed by mistake
shows only here: an editable installation works without fault.
"""

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("index", "retriever", "reader", "api", "cli")
LEFT_OUT = {"__pycache__"}


def expected_files() -> set[str]:
    """Return the wheel's names of all files under the five folders."""
    return {
        f"answerable/{path.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not LEFT_OUT.intersection(path.parts)
    }


def main(wheel: Path) -> int:
    """Print how the wheel differs from the five folders; return 1 if it does."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = {Path(name).name for name in archive.namelist() if "/licenses/" in name}
    problems = [f"missing: {name}" for name in sorted(expected_files() - names)]
    problems += [f"not ours: {name}" for name in sorted(names - expected_files())]
    problems += [f"missing: {name}" for name in sorted({"LICENSE", "NOTICE"} - licences)]
    print("\n".join(problems) or f"{wheel.name}: {len(names)} files, as in the source")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
