"""An ingest that ends at any step loses nothing that was committed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


# Every step takes minutes: python -m tests.index.crash_trials FOLDER does that by hand.
STRIDE = 23


@pytest.mark.timeout(120)
def test_death_at_sampled_steps(tmp_path: Path) -> None:
    """Whichever SQL statement, fsync, rename or deletion comes next, the index stays whole."""
    command = [sys.executable, "-m", "tests.index.crash_trials", str(tmp_path), str(STRIDE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    deaths = dict(line.split() for line in done.stdout.splitlines())
    assert list(deaths) == ["new", "existing"]
    assert all(int(n) > 3 for n in deaths.values()), deaths
