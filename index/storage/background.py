"""Training inverted lists, and mending damaged ones, while others search and write."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from ..errors import AnswerableError, IndexLocked
from .generations import publish, register_lists, training_pays
from .lock import training_alone
from .store import PassageStore
from .training import TrainingStopped, trained_lists
from .writer import StoreWriter

logger = logging.getLogger(__name__)

# Writers are short, but for an ingest, which trains by itself when it is done.
LOCK_WAIT_S = 30.0
_LOCK_TRIES_EVERY_S = 0.2
# A stop is seen within a few seconds of work; a process that ends does not wait longer.
_STOP_WAIT_S = 10.0


class BackgroundTraining:
    """At most one thread that trains inverted lists when that pays, and registers them.

    Of several processes on one index one trains; the others see what it registers. It reads in
    short transactions and takes the writer lock only at the end, to add what changed meanwhile.
    Searches go on with the lists they have until they see the new ones.
    """

    def __init__(
        self,
        store: PassageStore,
        folder: Path,
        writing: Callable[[], AbstractContextManager[StoreWriter]],
    ) -> None:
        """Train for the index in ``folder``; ``writing`` lends its writer."""
        self._store = store
        self._folder = folder
        self._writing = writing
        self._lock = threading.Lock()
        self._is_wanted = self._is_suspect = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, *, is_suspect: bool = False) -> None:
        """Begin if it pays and none is under way, or see afterwards whether it does; return at once.

        Args:
            is_suspect: whether a search found damage, which is mended first.
        """
        with self._lock:
            self._is_wanted = not self._stopping.is_set()
            self._is_suspect = self._is_suspect or is_suspect
            if self._is_wanted and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="vectors", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Return when there is nothing under way."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def stop(self) -> None:
        """Give up what is under way and begin nothing more; what is registered stays."""
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join(_STOP_WAIT_S)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._is_wanted or self._stopping.is_set():
                    self._thread = None
                    return
                self._is_wanted = False
                is_suspect, self._is_suspect = self._is_suspect, False
            try:
                self._work(is_suspect)
            except TrainingStopped:
                logger.info("training of the vector lists was stopped")
            except AnswerableError as exc:
                logger.info("no new vector file: %s", exc)
            except Exception:  # a thread has nobody above it who would tell
                logger.warning("the vector lists could not be trained", exc_info=True)

    def _work(self, is_suspect: bool) -> None:
        if is_suspect:
            self._register(
                lambda writer: publish(
                    self._store, writer, self._folder, may_train=False, is_suspect=True
                )
            )
        with training_alone(self._folder) as is_alone:
            # Whoever was before us may have registered lists by now.
            if is_alone and training_pays(self._store, self._folder, is_suspect=is_suspect):
                self._train()

    def _train(self) -> None:
        manifest = self._store.manifest()
        lists = trained_lists(self._store, manifest.dimension, self._stopping.is_set)
        if lists is None:
            return

        def register(writer: StoreWriter) -> None:
            # Another process may have embedded everything again with another model.
            if self._store.manifest() == manifest:
                register_lists(self._store, writer, self._folder, lists)

        self._register(register)

    def _register(self, write: Callable[[StoreWriter], None]) -> None:
        """Borrow the writer, when it is free, for a moment.

        Raises:
            IndexLocked: it was not free for ``LOCK_WAIT_S``.
        """
        until = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                with self._writing() as writer:
                    write(writer)
                return
            except IndexLocked:
                if time.monotonic() >= until or self._stopping.wait(_LOCK_TRIES_EVERY_S):
                    raise
