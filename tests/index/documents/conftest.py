"""One shared extractor, and a writer of sample files into the test's own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from answerable.index.documents import Extractor
from tests.index.documents.samples import Samples


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    """A writer of documents into the test's own folder."""
    return Samples(tmp_path)


@pytest.fixture(scope="session")
def extractor() -> Iterator[Extractor]:
    """One extractor with the default limits for all tests that leave it as they found it."""
    with Extractor() as shared:
        yield shared
