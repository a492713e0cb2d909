"""An empty index and a fake encoder for every test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.index.local import LocalIndex
from tests.fakes import HashEncoder


@pytest.fixture
def encoder() -> HashEncoder:
    """Bags of words, 32 wide."""
    return HashEncoder()


@pytest.fixture
def index(tmp_path: Path, encoder: HashEncoder) -> Iterator[LocalIndex]:
    """An empty index in its own folder."""
    with LocalIndex.open(tmp_path / "index", encoder, create=True) as opened:
        yield opened
