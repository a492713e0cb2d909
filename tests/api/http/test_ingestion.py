"""The process that writes: one document's failure is its own, and nothing stops the others."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from answerable.api import Engine
from answerable.api.http.database import ServiceDatabase
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
