"""How much of the machine one file may take, and how a child process is held to it."""

import ctypes
import os
import resource
from dataclasses import dataclass

_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class ExtractionLimits:
    """Bounds on the extraction of one file; a file that reaches one fails alone.

    Attributes:
        wall_seconds: from sending the file to the child to its reply.
        cpu_seconds: processor time of the child on one file.
        memory_bytes: address space the child may take beyond what it has at its start.
            Measured with kreuzberg 4.10: over 206 small documents, broken PDFs among them, the
            child's whole resident peak was 83 MB.
        max_input_bytes: largest file that is read at all.
        max_text_bytes: most text, as UTF-8, taken from one file.
        max_entries, max_inflated_bytes, max_ratio: for zipped formats, the entries, their
            sizes counted while inflating, and inflated over packed size of the whole.
        files_per_child: a child is replaced after so many files, whatever they did to it.
    """

    wall_seconds: float = 30.0
    cpu_seconds: int = 30
    memory_bytes: int = 1 << 30
    max_input_bytes: int = 200_000_000
    max_text_bytes: int = 20_000_000
    max_entries: int = 2_000
    max_inflated_bytes: int = 200_000_000
    max_ratio: int = 100
    files_per_child: int = 50


def size_name(n_bytes: int) -> str:
    """Return a size as people write it, such as "20 MB" or "1 GiB"."""
    if n_bytes % (1 << 30) == 0 and n_bytes:
        return f"{n_bytes >> 30} GiB"
    if n_bytes % (1 << 20) == 0 and n_bytes:
        return f"{n_bytes >> 20} MiB"
    return f"{n_bytes / 1_000_000:g} MB"


def give_up_rights() -> dict[str, bool]:
    """Give up, for this process, the network and the gain of privileges.

    To be called while it has one thread: the system would take them from that thread alone. Both
    are Linux's and are taken where the kernel grants them.

    Returns:
        Which of them hold: ``no_new_privileges`` and ``no_network``.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    held = {"no_new_privileges": False, "no_network": False}
    if hasattr(libc, "unshare"):
        # Root has no need of a user namespace, and would lose its right to read in one.
        spaces = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
        held["no_network"] = libc.unshare(spaces) == 0
    if hasattr(libc, "prctl"):
        held["no_new_privileges"] = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    return held


def limit_resources(limits: ExtractionLimits) -> None:
    """Bound memory, open files, written files and core dumps, which every system can."""
    memory = _address_space() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_processor_time(limits: ExtractionLimits) -> None:
    """Start the clock of one file: the limit counts from what the process has used by now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _address_space() -> int:
    """Return the bytes of address space mapped now; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
