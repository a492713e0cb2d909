"""Limits small enough that a test's few vectors get inverted lists."""

from collections.abc import Iterator

import pytest

from tests.index.storage.small_lists import small_limits as limits


@pytest.fixture
def small_limits() -> Iterator[None]:
    """Inverted lists from a few vectors on."""
    with limits():
        yield
