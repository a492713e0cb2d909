"""A small index, made once for each test that asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.api import Engine
from tests.api.fakes import fill, open_engine, write_handbook


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    """The folder of documents that the index is made of."""
    return write_handbook(tmp_path)


@pytest.fixture
def index_folder(tmp_path: Path, handbook: Path) -> Path:
    """The folder of a filled index."""
    folder = tmp_path / "index"
    fill(folder, handbook)
    return folder


@pytest.fixture
def engine(index_folder: Path) -> Iterator[Engine]:
    """An engine on the filled index."""
    with open_engine(index_folder) as opened:
        yield opened
