"""Articles of a training file that are not trained on: they choose thresholds afterwards."""

import hashlib

_BUCKETS = 1000


def is_left_out(title: str, share: float) -> bool:
    """Say whether an article is among the share that is left out; depends on its title alone."""
    bucket = int.from_bytes(hashlib.sha256(title.encode()).digest()[:8]) % _BUCKETS
    return bucket < share * _BUCKETS
