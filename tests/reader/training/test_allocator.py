"""The C library's allocator: told where it is glibc's, left alone elsewhere."""

import ctypes
import platform

from answerable.reader.training.allocator import keep_large_blocks, release_free_blocks


def test_only_glibc_is_told() -> None:
    """It takes all three settings, and gives back what was freed after."""
    is_glibc = platform.libc_ver()[0] == "glibc"
    assert keep_large_blocks() == is_glibc
    blocks = [ctypes.create_string_buffer(1 << 20) for _ in range(64)]
    del blocks
    assert release_free_blocks() == is_glibc
