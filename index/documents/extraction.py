"""From a file to its text, with what opens foreign formats kept in a child process.

Plain text is decoded here. Everything else goes to worker.py over two pipes; a child that
dies, hangs or swells costs the one file that it had open, and the next file gets a new one.
"""

import contextlib
import json
import os
import selectors
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..document_text import check_text
from ..errors import DocumentReaderUnavailable, ExtractionFailed
from ..types import ExtractedDocument, Page
from .framing import HEADER
from .limits import ExtractionLimits, size_name
from .media import Format, Method, format_of
from .plain_text import decode
from .titles import title_of

_START_SECONDS = 60.0
# ASCII JSON takes at most 6 bytes for one of UTF-8 (a control character).
_MAX_ESCAPE = 6
_CHUNK_BYTES = 1 << 16


class Extractor:
    """Turns files into text. One at a time: not to be shared between threads.

    The child starts with the first file that needs it, so a folder of Markdown costs none.
    """

    def __init__(self, limits: ExtractionLimits | None = None) -> None:
        self._limits = limits or ExtractionLimits()
        self._child: _Child | None = None
        self._is_aborted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process, if there is one."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def abort(self) -> None:
        """End the reading of a file, from another thread; no file is read in a child after it."""
        self._is_aborted = True
        child = self._child
        if child is not None:
            child.kill()

    @property
    def child_pid(self) -> int | None:
        """Return the process id of the child, for measurements; None while there is none."""
        return self._child.pid if self._child else None

    def extract(self, path: Path) -> ExtractedDocument:
        """Return the text of one file.

        Raises:
            DocumentReaderUnavailable: it is not the file's fault.
            ExtractionFailed: it is; both with a one-line reason, free of paths.
        """
        kind = format_of(path)
        if kind is None:
            raise ExtractionFailed(f'files named "{path.suffix or path.name}" are not supported')
        size = self._size_of(path)
        if size == 0:
            raise ExtractionFailed("the file is empty")
        if kind.method is not Method.PLAIN:
            return self._extract_in_child(path, kind)
        if size > self._limits.max_text_bytes:
            raise ExtractionFailed(
                f"holds more than {size_name(self._limits.max_text_bytes)} of text"
            )
        text = decode(_read(path))
        check_text(text)
        return ExtractedDocument(text, title_of(text, kind.media_type, path), kind.media_type)

    def _size_of(self, path: Path) -> int:
        """Return a plain file's size in bytes, which must be within the limit."""
        try:
            status = path.stat()
        except OSError as exc:
            raise _unreadable(exc) from exc
        if not stat.S_ISREG(status.st_mode):
            raise ExtractionFailed("not a plain file")
        size = status.st_size
        if size > self._limits.max_input_bytes:
            raise ExtractionFailed(f"larger than {size_name(self._limits.max_input_bytes)}")
        return size

    def _extract_in_child(self, path: Path, kind: Format) -> ExtractedDocument:
        """Have a child read the file; a crash in a used child is tried again in a new one.

        So whether a file is indexed does not depend on the files before it.
        """
        request = {"path": os.path.abspath(path), "media_type": kind.media_type}
        while True:
            self._check_aborted()
            child = self._child
            if child is None or child.n_files >= self._limits.files_per_child:
                self.close()
                child = self._child = _Child(self._limits)
                self._check_aborted()  # it may have been, while there was no child to kill
            try:
                reply = child.ask(request)
            except ExtractionFailed as exc:
                self.close()
                if isinstance(exc, _ChildDied) and child.n_files > 1:
                    continue
                raise ExtractionFailed(str(exc)) from exc
            if reply.get("spent"):
                self.close()
                if child.n_files > 1:
                    continue
            if "reason" in reply:
                failure = (
                    DocumentReaderUnavailable if reply.get("unavailable") else ExtractionFailed
                )
                raise failure(reply["reason"])
            pages = tuple(Page(**page) for page in reply.pop("pages"))
            return ExtractedDocument(**reply, pages=pages)

    def _check_aborted(self) -> None:
        if self._is_aborted:
            raise ExtractionFailed("the ingest was stopped")


class _ChildDied(ExtractionFailed):
    """The child ended on its own while it had a file open."""


class _Child:
    """One child process and the two pipes to it."""

    def __init__(self, limits: ExtractionLimits) -> None:
        self.n_files = 0
        self._limits = limits
        self._buffer = bytearray()
        # Numeric libraries that come in with the package need no threads of their own.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        try:
            self._process = self._start(environment)
        except OSError as exc:
            raise DocumentReaderUnavailable(
                f"the document reader does not start: {exc.strerror}"
            ) from exc
        try:
            self._send(asdict(limits))
            self.confinement: dict[str, bool] = self._receive(_START_SECONDS)
        except ExtractionFailed as exc:
            self.end()
            raise DocumentReaderUnavailable(
                f'the document reader does not start; "{Path(sys.executable).name} -m'
                f' {__package__}.worker" says why'
            ) from exc

    @staticmethod
    def _start(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            # -P: a json.py in the working directory must not become part of the child.
            [sys.executable, "-P", "-m", __package__ + ".worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def ask(self, request: dict[str, str]) -> dict[str, Any]:
        """Return the reply to one request.

        Raises:
            ExtractionFailed: no reply, and why.
        """
        self.n_files += 1
        self._send(request)
        return self._receive(self._limits.wall_seconds)

    def kill(self) -> None:
        """Kill the process; whoever waits for its reply notices."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process, if it still runs, and close the pipes."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        """Write one message; a child that is gone is noticed when its reply is missing."""
        data = json.dumps(message).encode("ascii")
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(HEADER.pack(len(data)) + data)

    def _receive(self, seconds: float) -> dict[str, Any]:
        """Return the next message, which must come whole within the time given."""
        deadline = time.monotonic() + seconds
        size = HEADER.unpack(self._take(HEADER.size, deadline, seconds))[0]
        if size > self._limits.max_text_bytes * _MAX_ESCAPE + _CHUNK_BYTES:
            raise _ChildDied("not a readable file: the reader's reply is too long")
        message: dict[str, Any] = json.loads(self._take(size, deadline, seconds))
        return message

    def _take(self, n_bytes: int, deadline: float, seconds: float) -> bytes:
        """Return so many bytes of the child's output."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while len(self._buffer) < n_bytes:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise ExtractionFailed(f"took longer than {seconds:g} s")
                chunk = os.read(self._process.stdout.fileno(), _CHUNK_BYTES)
                if not chunk:
                    raise self._death()
                self._buffer += chunk
        taken = bytes(self._buffer[:n_bytes])
        del self._buffer[:n_bytes]
        return taken

    def _death(self) -> ExtractionFailed:
        """Return why the child ended, as far as its exit tells."""
        status = self._process.wait()
        if status == -signal.SIGXCPU:
            return ExtractionFailed(
                f"took longer than {self._limits.cpu_seconds} s of processor time"
            )
        memory = size_name(self._limits.memory_bytes)
        return _ChildDied(f"damaged, or needs more than {memory} of memory: its reader crashed")


def _read(path: Path) -> bytes:
    """Return a file's bytes."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise _unreadable(exc) from exc


def _unreadable(exc: OSError) -> ExtractionFailed:
    """Return the system's own words for a file that cannot be read, without its path."""
    return ExtractionFailed(f"cannot be read: {(exc.strerror or 'unknown error').lower()}")
