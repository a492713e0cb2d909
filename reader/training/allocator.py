"""Keep the C library from giving big blocks back to the system after every step.

glibc maps each large tensor anew and unmaps it when freed, so every step touches fresh pages,
which the kernel must clear first. Kept for good, though, blocks of ever other lengths leave
holes that add up to gigabytes: what lies free is given back now and then.
"""

import ctypes
import sys
from typing import Any

# From glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3

_LARGEST_KEPT_BYTES = 1 << 30  # above any tensor of a step; mallopt takes a C int
_TOP_PAD_BYTES = 64 << 20

STEPS_BETWEEN_RELEASES = 100


def keep_large_blocks() -> bool:
    """Tell malloc to reuse large blocks; False where there is no glibc to tell."""
    mallopt = _function("mallopt", [ctypes.c_int, ctypes.c_int])
    if mallopt is None:
        return False
    settings = (
        (_M_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES),
        (_M_TRIM_THRESHOLD, _LARGEST_KEPT_BYTES),
        (_M_TOP_PAD, _TOP_PAD_BYTES),
    )
    return [mallopt(*setting) for setting in settings] == [1, 1, 1]


def release_free_blocks() -> bool:
    """Give free pages back to the system; False where nothing was given back."""
    malloc_trim = _function("malloc_trim", [ctypes.c_size_t])
    return malloc_trim is not None and malloc_trim(0) == 1


def _function(name: str, arguments: list[Any]) -> Any:
    """Return a function of glibc that returns an int; None where there is no glibc."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):  # another C library
        return None
    function.argtypes, function.restype = arguments, ctypes.c_int
    return function
