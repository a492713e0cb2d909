"""An engine whose reader a calibration governs."""

from pathlib import Path

import pytest

from answerable.api import (
    Engine,
)
from tests.api.facts import fact_engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """An engine on the facts, without a calibration."""
    return fact_engine(tmp_path / "index")
