"""``docs/migrate``: every example that is said to run runs, and prints what the page says."""

import shutil
from pathlib import Path

import pytest

from answerable.reader import default_reader_folder
from tests.documented import blocks, missing, run
from tests.reader.squad_samples import question, write_squad

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.source]

OFFICE = "The office in Utrecht closes at 18:30, said Ann Lee."
PAGES = ("haystack", "transformers", "openvino", "nemo", "tao")


@pytest.fixture
def folder(tmp_path: Path, source_root: Path) -> Path:
    """A working directory with the handbook, a labelled file and a reader's folder."""
    shutil.copytree(source_root / "examples" / "handbook", tmp_path / "handbook")
    shutil.copytree(default_reader_folder(), tmp_path / "reader")
    write_squad(
        tmp_path / "dev.json",
        question("1", "When does the office in Utrecht close?", "18:30", context=OFFICE),
        question("2", "Who painted the Mona Lisa?", context=OFFICE),
    )
    return tmp_path


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES)
def test_examples_run(page: str, folder: Path, source_root: Path) -> None:
    """Those that need a model of another system's form run in tests/models."""
    found = [b for b in blocks(source_root / "docs" / "migrate" / f"{page}.md") if not b.needs]
    assert found
    for block in found:
        output = run(block, folder)
        assert list(missing(block.prints, output)) == [], output


def test_every_page_is_run(source_root: Path) -> None:
    """A page that is added is added here."""
    assert {path.stem for path in (source_root / "docs" / "migrate").glob("*.md")} == set(PAGES)
