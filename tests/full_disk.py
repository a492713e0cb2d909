"""A disk that is full when certain files are to take their place."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest


def full_disk_for(patch: pytest.MonkeyPatch, *names: str) -> None:
    """Let no file of these names be put where it belongs."""
    replace = os.replace

    def full(source: Any, target: Any, **options: Any) -> None:
        if Path(target).name in names:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(source))
        replace(source, target, **options)

    patch.setattr(os, "replace", full)
