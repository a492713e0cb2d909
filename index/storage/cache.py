"""A cache bounded by the memory of what it holds, the least recently used going first."""

import hashlib
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")

# What an entry takes beside its value and its key, generously: the objects around them.
_OVERHEAD_BYTES = 1024


def cache_key(*parts: object) -> bytes:
    """Return a key of 32 bytes, however much a request names: callers choose what it stands for.

    Args:
        parts: texts, numbers, None, and tuples or frozen dataclasses of them, whose ``repr`` says
            all that makes them equal. Of a frozenset it does not tell the order: sort it.
    """
    # A half of a surrogate pair, which a request can spell, has no encoding of its own.
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()


class LimitedCache(Generic[V]):
    """Remembers values up to a number of bytes, their keys among them.

    Keys are those of ``cache_key``. Safe to use from any thread.
    """

    def __init__(self, max_bytes: int) -> None:
        """Hold nothing yet."""
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, tuple[V, int]] = OrderedDict()
        self._n_bytes = 0

    def get(self, key: bytes) -> V | None:
        """Return what was put there last, if it is still held."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def put(self, key: bytes, value: V, n_bytes: int) -> None:
        """Hold a value of that size, and drop others for it; not one larger than the limit."""
        n_bytes += _OVERHEAD_BYTES + len(key)
        with self._lock:
            if key in self._entries:
                self._n_bytes -= self._entries.pop(key)[1]
            if n_bytes > self._max_bytes:
                return
            self._entries[key] = (value, n_bytes)
            self._n_bytes += n_bytes
            while self._n_bytes > self._max_bytes:
                self._n_bytes -= self._entries.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Hold nothing any more."""
        with self._lock:
            self._entries.clear()
            self._n_bytes = 0

    @property
    def n_bytes(self) -> int:
        """What all that is held takes."""
        return self._n_bytes
