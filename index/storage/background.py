"""Training inverted lists while others search and write."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from ..errors import AnswerableError
from .generations import register_lists, training_pays
from .store import PassageStore
from .training import trained_lists
from .writer import StoreWriter

logger = logging.getLogger(__name__)


class BackgroundTraining:
    """At most one thread that trains inverted lists when that pays, and registers them.

    It reads in short transactions and takes the writer lock only at the end, to add what
    changed meanwhile. Searches go on with the lists they have until they see the new ones.
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
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin training if it pays and none is under way; returns at once."""
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="vectors", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Return when no training is under way."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            if not training_pays(self._store, self._folder):
                return
            manifest = self._store.manifest()
            lists = trained_lists(self._store, manifest.dimension)
            if lists is None:
                return
            with self._writing() as writer:
                # Another process may have embedded everything again with another model.
                if self._store.manifest() == manifest:
                    register_lists(self._store, writer, self._folder, lists)
        except AnswerableError as exc:
            logger.info("no new vector file: %s", exc)
