"""The process that writes: one document's failure is its own, and nothing stops the others."""

import logging
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from answerable.api import Engine, Settings
from answerable.api.errors import ServiceDatabaseUnusable
from answerable.api.http import ingestion as ingesting
from answerable.api.http.database import DATABASE_NAME, ServiceDatabase
from answerable.api.http.ingestion import Ingestion
from answerable.api.http.jobs import MAX_ATTEMPTS, Job, JobStore
from answerable.api.models import Lazy
from answerable.index import AnswerableError, Filters, LocalIndex, ReceivedDocument
from tests.api.fakes import open_engine


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[JobStore]:
    """No jobs yet."""
    database = ServiceDatabase(tmp_path)
    yield JobStore(database, max_waiting=9)
    database.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine over an empty index."""
    with open_engine(tmp_path) as opened:
        yield opened


@pytest.fixture
def ingestion(engine: Engine, jobs: JobStore) -> Ingestion:
    """What works on the jobs."""
    return Ingestion(Lazy(lambda: engine), jobs)


def _document(name: str) -> ReceivedDocument:
    text = f"Text of {name}."
    return ReceivedDocument(
        uri=f"upload:///{name}",
        title=name,
        collection="default",
        media_type="text/plain",
        content_sha256=name * 64,
        size_bytes=len(text),
        text=text,
        pages=(),
        principals=("public",),
    )


def _accept(jobs: JobStore, names: str) -> Job:
    return jobs.add_ingest("", [_document(name) for name in names], list(names))


def _states(jobs: JobStore, job: Job) -> list[str]:
    return [document.state for document in jobs.job(job.id, "").documents]


def _die_over_the_first(jobs: JobStore, times: int) -> None:
    for _ in range(times):
        assert jobs.claim() is not None
        jobs.release()  # as the process that comes after it does


def _full_disk(*_: object) -> NoReturn:
    raise AnswerableError("/secret/folder cannot be written: no space left on device")


Writing = Callable[[ServiceDatabase], AbstractContextManager[sqlite3.Connection]]


def _full_while(patch: pytest.MonkeyPatch, is_full: Callable[[], bool]) -> None:
    """Let commits to the service's database fail as on a full disk, and their waits be short."""
    patch.setattr(ingesting, "_UNUSABLE_WAIT_S", 0.001)
    real: Writing = ServiceDatabase.writing

    @contextmanager
    def writing(database: ServiceDatabase) -> Iterator[sqlite3.Connection]:
        with real(database) as connection:
            yield connection
            if is_full():
                raise sqlite3.OperationalError("database or disk is full")

    patch.setattr(ServiceDatabase, "writing", writing)


def _work_until_done(jobs: JobStore, ingestion: Ingestion, job: Job) -> None:
    """Run the ingestion until a job is done; it must not end before."""
    ended = threading.Event()
    thread = threading.Thread(target=ingestion.run, args=(ended,))
    thread.start()
    deadline = time.monotonic() + 10
    try:
        while jobs.job(job.id, "").state not in ("done", "failed"):
            assert thread.is_alive() and time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        ended.set()
        thread.join()


def test_only_the_document_that_kills_its_reader_is_given_up(
    jobs: JobStore, ingestion: Ingestion, engine: Engine
) -> None:
    """The first of what is left is failed after so many attempts, and the others are stored."""
    job = _accept(jobs, "abc")
    _die_over_the_first(jobs, MAX_ATTEMPTS)
    assert ingestion.run_next(threading.Event())
    assert _states(jobs, job) == ["failed", "added", "added"]
    assert jobs.job(job.id, "").state == "failed"
    assert [info.title for info in engine.index.documents(Filters())] == ["b", "c"]


def test_each_document_has_all_its_attempts(jobs: JobStore, ingestion: Ingestion) -> None:
    """Attempts are those of one document: what others cost is not counted against the next."""
    job = _accept(jobs, "ab")
    _die_over_the_first(jobs, MAX_ATTEMPTS)
    claim = jobs.claim()
    assert claim is not None
    jobs.note_failed(claim, 0, "its reader crashed again and again")
    jobs.release()  # it died over the second, too
    _die_over_the_first(jobs, MAX_ATTEMPTS - 2)
    assert ingestion.run_next(threading.Event())
    assert _states(jobs, job) == ["failed", "added"]


def test_deletion_that_fails_is_noted_and_the_next_job_is_done(
    jobs: JobStore, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full fails the deletion, not the process; the reason names no folder."""
    monkeypatch.setattr(LocalIndex, "delete", _full_disk)
    upload, deletion = _accept(jobs, "a"), jobs.add_delete("", 7, "upload:///b")
    ended = threading.Event()
    assert [ingestion.run_next(ended) for _ in range(3)] == [True, True, False]
    failed = jobs.job(deletion.id, "")
    assert (failed.state, failed.documents[0].state) == ("failed", "failed")
    assert "see the log" in str(failed.documents[0].reason)
    assert "secret" not in str(failed.documents[0].reason)
    assert _states(jobs, upload) == ["added"]


def test_files_that_cannot_be_written_stop_nothing(
    jobs: JobStore, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk when the files are written is logged; the next documents bring them in."""
    job = _accept(jobs, "a")
    ended = threading.Event()
    assert ingestion.run_next(ended)
    ended.set()
    with monkeypatch.context() as patch:
        patch.setattr(LocalIndex, "writing", _full_disk)
        ingestion.run(ended)
    assert _states(jobs, job) == ["added"]


@pytest.mark.parametrize("first", range(1, 8))
def test_a_full_disk_for_the_services_database_is_waited_for(
    jobs: JobStore,
    ingestion: Ingestion,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    first: int,
) -> None:
    """Whichever write it begins with: one line in the log, and all is stored and written after."""
    job = _accept(jobs, "ab")
    n_writes, n_published = 0, 0
    publish = LocalIndex.publish

    def is_full() -> bool:
        nonlocal n_writes
        n_writes += 1
        return first <= n_writes < first + 3

    def publishing(*given: Any) -> Any:
        nonlocal n_published
        n_published += 1
        return publish(*given)

    monkeypatch.setattr(LocalIndex, "publish", publishing)
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        _full_while(patch, is_full)
        _work_until_done(jobs, ingestion, job)
    assert n_writes >= first + 3
    assert set(_states(jobs, job)) <= {"added", "unchanged"}
    assert [info.title for info in engine.index.documents(Filters())] == ["a", "b"]
    assert n_published > 0
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1
    assert "disk is full" in lines[0] and "what was accepted waits" in lines[0]


def test_its_log_is_the_services(tmp_path: Path) -> None:
    """As a process of its own, it writes lines that look like those of the others."""
    (tmp_path / DATABASE_NAME).write_text("no database")
    command = [sys.executable, "-m", ingesting.__name__]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write(Settings(index=tmp_path).model_dump_json() + "\n")
        process.stdin.flush()
        line = process.stderr.readline()
        process.stdin.close()  # its parent is gone, and so it ends
        assert process.wait(timeout=20) == 0
    assert line.startswith("ERROR: nothing is taken in, and what was accepted waits: ")


def test_no_document_is_given_up_for_a_full_disk(
    jobs: JobStore, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk with room for the claim alone, again and again, is no attempt of the document's."""
    job = _accept(jobs, "a")
    note_progress, n_full = JobStore.note_progress, 0

    def full(*given: Any) -> None:
        nonlocal n_full
        n_full += 1
        if n_full <= 2 * MAX_ATTEMPTS:
            raise ServiceDatabaseUnusable("database or disk is full")
        note_progress(*given)

    monkeypatch.setattr(ingesting, "_UNUSABLE_WAIT_S", 0.001)
    monkeypatch.setattr(JobStore, "note_progress", full)
    _work_until_done(jobs, ingestion, job)
    assert (n_full, _states(jobs, job)) == (2 * MAX_ATTEMPTS + 1, ["added"])


def test_both_disks_full_fail_nothing_for_good(
    jobs: JobStore, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a document failed cannot be noted either: it is tried again, and stored."""
    job = _accept(jobs, "a")
    n_tries, n_notes = 0, 0
    writing, note_failed = LocalIndex.writing, JobStore.note_failed

    def full(index: LocalIndex) -> Any:
        nonlocal n_tries
        n_tries += 1
        return _full_disk() if n_tries == 1 else writing(index)

    def unnoted(*given: Any) -> None:
        nonlocal n_notes
        n_notes += 1
        if n_notes == 1:
            raise ServiceDatabaseUnusable("database or disk is full")
        note_failed(*given)

    monkeypatch.setattr(ingesting, "_UNUSABLE_WAIT_S", 0.001)
    monkeypatch.setattr(LocalIndex, "writing", full)
    monkeypatch.setattr(JobStore, "note_failed", unnoted)
    _work_until_done(jobs, ingestion, job)
    assert (n_notes, _states(jobs, job)) == (1, ["added"])


def test_ends_while_the_disk_is_full(
    jobs: JobStore, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked to end, the process does; the next one takes the job in."""
    job = _accept(jobs, "a")
    ended = threading.Event()
    with monkeypatch.context() as patch:
        _full_while(patch, lambda: True)
        thread = threading.Thread(target=ingestion.run, args=(ended,))
        thread.start()
        time.sleep(0.05)
        assert thread.is_alive()
        ended.set()
        thread.join(timeout=5)
        assert not thread.is_alive()
    _work_until_done(jobs, ingestion, job)
    assert _states(jobs, job) == ["added"]
