"""Link the five folders under ``typings/answerable`` so that type checkers find ``answerable.*``.

setuptools maps the folders to their import names, which mypy, pyright and editors
cannot read; ``typings`` is git-ignored. Run it by ``make types``.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("index", "retriever", "reader", "api", "cli")

target = ROOT / "typings" / "answerable"
target.mkdir(parents=True, exist_ok=True)
for folder in FOLDERS:
    link = target / folder
    if not link.is_symlink():
        link.symlink_to(Path("..", "..", folder), target_is_directory=True)
