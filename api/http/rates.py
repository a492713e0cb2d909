"""How often a key may ask: counted by the library ``limits``, over all processes.

Its own storages are one process's memory or a server's; this one is a file that the processes of
one service share. The file is made anew with each start and never synced: losing it only starts
the count again.
"""

import math
import sqlite3
import threading
import time
from pathlib import Path

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from ..errors import RateExceeded


class SharedCounts(Storage):
    """Counters in an SQLite file, for the processes of one service."""

    STORAGE_SCHEME = ["answerable-sqlite"]  # noqa: RUF012  as the base class declares it

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._local = threading.local()

    @property
    def base_exceptions(self) -> type[Exception]:
        """Name what a broken file raises."""
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and return the count of the window that has begun."""
        now = time.time()
        row = self._db.execute(
            "INSERT INTO counts (key, n, ends) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
            "n = CASE WHEN ends <= ? THEN excluded.n ELSE n + excluded.n END, "
            "ends = CASE WHEN ends <= ? THEN excluded.ends ELSE ends END RETURNING n",
            [key, amount, now + expiry, now, now],
        ).fetchone()
        return int(row[0])

    def get(self, key: str) -> int:
        """Return the count of the window that has begun; 0 before."""
        row = self._db.execute(
            "SELECT n FROM counts WHERE key = ? AND ends > ?", [key, time.time()]
        ).fetchone()
        return int(row[0]) if row else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since the epoch."""
        row = self._db.execute("SELECT ends FROM counts WHERE key = ?", [key]).fetchone()
        return float(row[0]) if row else time.time()

    def check(self) -> bool:
        """Say whether the file can be read."""
        return self._db.execute("SELECT count(*) FROM counts").fetchone() is not None

    def reset(self) -> int | None:
        """Forget all counts."""
        return self._db.execute("DELETE FROM counts").rowcount

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._db.execute("DELETE FROM counts WHERE key = ?", [key])

    @property
    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("PRAGMA synchronous = OFF")
            db.execute(
                "CREATE TABLE IF NOT EXISTS counts "
                "(key TEXT PRIMARY KEY, n INTEGER NOT NULL, ends REAL NOT NULL) WITHOUT ROWID"
            )
            self._local.db = db
        return db


class RateLimits:
    """Refuses a key that asked too often in this minute."""

    def __init__(self, per_minute: int, path: Path | None = None) -> None:
        """Count up to ``per_minute``, 0 for no limit; in the file ``path``, else in memory."""
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._limiter = FixedWindowRateLimiter(SharedCounts(path) if path else MemoryStorage())

    def hit(self, name: str) -> None:
        """Count a request.

        Raises:
            RateExceeded: it is one too many; says when the next may come.
        """
        if self._item is None or self._limiter.hit(self._item, name):
            return
        resets = self._limiter.get_window_stats(self._item, name).reset_time
        wait_s = max(1, math.ceil(resets - time.time()))
        raise RateExceeded(
            f"more than {self._item.amount} requests in a minute: wait {wait_s} s", wait_s
        )
