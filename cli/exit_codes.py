"""What the process's exit code says; part of the public contract."""

DONE = 0
FAILED = 1
WRONG_USAGE = 2
ABSTAINED = 3
INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it
