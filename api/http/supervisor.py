"""Keeping the service's processes alive, and ending them in good order."""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from ..settings import Settings
from .metrics import FOLDER_VARIABLE

logger = logging.getLogger(__name__)

STOP_S = 30.0  # what is under way ends within it; then its process does
_LOOK_EVERY_S = 0.1
_SHORT_LIFE_S = 10.0
_LONGEST_PAUSE_S = 5.0
METRICS_FOLDER = "metrics"
SHARED_FOLDER = "ANSWERABLE_SHARED_FOLDER"
LISTENER = "ANSWERABLE_LISTENER"


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running.

    Attributes:
        module: what Python runs.
        folder: private, shared by the children of one service, gone when it ends.
        listener: the socket it answers on, if it does.
    """

    module: str
    settings: Settings
    folder: Path
    listener: socket.socket | None = None

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it; its standard input stays open as long as this process lives."""
        descriptors = () if self.listener is None else (self.listener.fileno(),)
        metrics = self.folder / METRICS_FOLDER
        metrics.mkdir(mode=0o700, exist_ok=True)
        environment = {
            name: v for name, v in os.environ.items() if not name.startswith("ANSWERABLE_")
        }
        environment |= {FOLDER_VARIABLE: str(metrics), SHARED_FOLDER: str(self.folder)}
        if descriptors:
            environment[LISTENER] = str(descriptors[0])
        process = subprocess.Popen(
            # -P: a module of the working directory must not become part of the child.
            [sys.executable, "-P", "-m", self.module],
            stdin=subprocess.PIPE,
            env=environment,
            pass_fds=descriptors,
            process_group=0,  # Ctrl-C is for the parent, which tells its children in good order
        )
        assert process.stdin is not None
        process.stdin.write(self.settings.model_dump_json().encode() + b"\n")
        process.stdin.flush()
        return process


class _Kept:
    """One running child, and how often it died young."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._n_short_lives = 0
        self._start_at = 0.0
        self._started_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start the child if it does not run; wait longer each time that it died at once."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            self.forget()
            is_short = now - self._started_at < _SHORT_LIFE_S
            self._n_short_lives = self._n_short_lives + 1 if is_short else 0
            pause = min(_LONGEST_PAUSE_S, 0.1 * 2**self._n_short_lives) if is_short else 0.0
            self._start_at = now + pause
            logger.warning("%s ended with %d: started anew", self._child.module, code)
        if self.process is None and now >= self._start_at:
            self.process = self._child.start()
            self._started_at = now

    def forget(self) -> None:
        """Clean up after a process that ended."""
        assert self.process is not None
        if self.process.stdin is not None:
            self.process.stdin.close()
        mark_process_dead(self.process.pid, str(self._child.folder / METRICS_FOLDER))  # type: ignore[no-untyped-call]
        self.process = None


def supervise(children: Sequence[Child], ended: threading.Event) -> None:
    """Keep children running until ``ended`` is set, then end them."""
    kept = [_Kept(child) for child in children]
    try:
        while not ended.is_set():
            for one in kept:
                one.look()
            ended.wait(_LOOK_EVERY_S)
    finally:
        _end([one.process for one in kept if one.process is not None])


def _end(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Ask processes to end, and kill those that do not in time."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_S + 5
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger.warning("process %d did not end in time and is killed", process.pid)
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
