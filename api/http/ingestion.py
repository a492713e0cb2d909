"""The process that writes: it takes in what the service accepted, one job after another.

    python -m answerable.api.http.ingestion

The service's supervisor starts it and starts it anew if it dies. One such process works on an
index at a time, whoever started it; another waits until it ends. A command that writes the index
meanwhile, such as ``answerable ingest``, is waited for, and so is a disk that has no room for the
service's database: what was under way is then done again.
"""

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from answerable.index import (
    AnswerableError,
    IndexLocked,
    ReceivedDocument,
    StopSignal,
    WorkStopped,
    stoppable,
    store_received,
)

from ..engine import Engine
from ..errors import ServiceDatabaseUnusable
from ..models import Lazy
from ..settings import Settings
from .child import run_child
from .database import ServiceDatabase
from .jobs import MAX_ATTEMPTS, Claim, JobStore

logger = logging.getLogger(__name__)

LOCK_NAME = "ingestion.lock"
_LOOK_EVERY_S = 0.1
_LOCKED_WAIT_S = 0.5
_UNUSABLE_WAIT_S = 2.0


class Ingestion:
    """Works on the jobs of one index."""

    def __init__(self, engine: Lazy[Engine], jobs: JobStore) -> None:
        """Use an engine that makes the index if there is none."""
        self._engine = engine
        self._jobs = jobs
        self._unpublished = 0
        self._begun: Claim | None = None  # until the database knows what became of it
        self._told: str | None = None  # what is wrong with the database, as the log has it

    def run(self, ended: threading.Event) -> None:
        """Work until ``ended`` is set; what is under way is stopped between two passages.

        While the service's database cannot be used, what was accepted waits in it.
        """
        signal = StopSignal()

        def pass_on() -> None:
            ended.wait()
            signal.stop()

        threading.Thread(target=pass_on, daemon=True).start()
        with stoppable(signal):
            while not ended.is_set():
                try:
                    self._run_all(ended)
                except ServiceDatabaseUnusable as exc:
                    self._tell(str(exc))
                    ended.wait(_UNUSABLE_WAIT_S)
        self._publish()

    def _run_all(self, ended: threading.Event) -> None:
        """Put back what was left half done, and work on all that waits."""
        if self._begun is not None:
            self._jobs.put_back(self._begun)
            self._begun = None
        self._jobs.release()
        while not ended.is_set():
            has_worked = self.run_next(ended)
            self._told = None
            if not has_worked:
                self._publish()
                ended.wait(_LOOK_EVERY_S)

    def run_next(self, ended: threading.Event) -> bool:
        """Work on the next job, if there is one; return whether there was.

        Raises:
            ServiceDatabaseUnusable: what became of the job cannot be noted.
        """
        claim = self._begun = self._jobs.claim()
        if claim is None:
            return False
        try:
            self._work(claim)
        except IndexLocked:
            self._jobs.put_back(claim)
            ended.wait(_LOCKED_WAIT_S)
        except WorkStopped:
            self._jobs.put_back(claim)
        else:
            self._jobs.finish(claim)
        self._begun = None
        return True

    def _tell(self, trouble: str) -> None:
        """Log why nothing is taken in; once, though it is tried again and again."""
        if trouble != self._told:
            logger.error("nothing is taken in, and what was accepted waits: %s", trouble)
        self._told = trouble

    def _work(self, claim: Claim) -> None:
        """Do what is left of a job; the first of it is given up if it was tried too often."""
        left = [
            (position, partial(self._delete, claim, position, id_))
            for position, id_ in claim.deleted
        ]
        left += [
            (position, partial(self._store, claim, position, one))
            for position, one in claim.received
        ]
        if claim.attempts > MAX_ATTEMPTS and left:
            position, _ = left.pop(0)
            self._jobs.note_failed(claim, position, "its reader crashed again and again")
        for position, step in left:
            try:
                step()
            except (IndexLocked, ServiceDatabaseUnusable, WorkStopped):
                raise
            except AnswerableError as exc:
                # The reason is shown to whoever sent it, and may name folders: the log has it.
                logger.error("a document was not stored or deleted: %s", exc)
                self._jobs.note_failed(claim, position, "the index cannot be changed; see the log")

    def _delete(self, claim: Claim, position: int, document_id: int) -> None:
        self._engine.get().index.delete([document_id])
        self._jobs.note_deleted(claim, position)

    def _store(self, claim: Claim, position: int, document: ReceivedDocument) -> None:
        engine = self._engine.get()

        def progress(done: int, total: int) -> None:
            self._jobs.note_progress(claim, position, done, total)

        stored = store_received(engine.index, engine.encoder, document, progress)
        self._unpublished += stored.passages
        self._jobs.note_stored(claim, position, stored)

    def _publish(self) -> None:
        """Write the vector and word files, once for all jobs that came together."""
        if not self._unpublished:
            return
        index = self._engine.get().index
        try:
            with index.writing() as writer:
                index.publish(writer)
        except (IndexLocked, WorkStopped):
            return  # whoever holds the lock publishes, or the next round does
        except AnswerableError as exc:
            # Searches find what the files lack in the database; the next documents bring it in.
            logger.error("the files of the index were not written: %s", exc)
        self._unpublished = 0


@contextmanager
def only_one(folder: Path, ended: threading.Event) -> Iterator[bool]:
    """Hold the lock that one ingesting process has; yield False if ``ended`` came before it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        has_lock = False
        while not has_lock and not ended.is_set():
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                has_lock = True
            except BlockingIOError:
                ended.wait(_LOCKED_WAIT_S)
        yield has_lock
    finally:
        os.close(descriptor)


def main(settings: Settings, ended: threading.Event) -> None:
    """Work on the jobs of the settings' index until ``ended`` is set."""
    engine = Lazy(lambda: Engine.open(settings=settings, create=True))
    database = ServiceDatabase(settings.index)
    with only_one(settings.index, ended) as has_lock:
        if has_lock:
            Ingestion(engine, JobStore(database, settings.max_waiting_jobs)).run(ended)
    if opened := engine.made():
        opened.close()


if __name__ == "__main__":
    run_child(main, Settings)
