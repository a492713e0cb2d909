"""Uploads and deletions that wait for the one process that writes the index.

A job is accepted in one transaction with the text of its documents, so it outlives every process.
Whoever takes it in stores each document in the index first and notes that here afterwards: killed
in between, the next one stores the same content again, which changes nothing.
"""

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal, cast, get_args

from answerable.index import ReceivedDocument, StoredDocument

from ..errors import JobNotFound, Overloaded
from .database import ServiceDatabase
from .job_content import content_of, document_of

JobKind = Literal["ingest", "delete"]
JobState = Literal["waiting", "running", "done", "failed"]
DocumentState = Literal["waiting", "added", "updated", "unchanged", "deleted", "failed"]

MAX_ATTEMPTS = 5  # a document that kills its process so often is given up
_KEPT_JOBS = 10_000


@dataclass(frozen=True, slots=True)
class JobDocument:
    """One document of a job.

    Attributes:
        passages: how many it is cut into; None before that is known.
        reason: why it failed.
    """

    name: str
    uri: str
    state: DocumentState
    document_id: int | None
    passages_done: int
    passages: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """Work on the index that was accepted; times are ISO 8601 in UTC.

    Attributes:
        done, total: documents.
    """

    id: str
    kind: JobKind
    state: JobState
    done: int
    total: int
    created_at: str
    finished_at: str | None
    documents: tuple[JobDocument, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this process works on, with what is left of it: position and document.

    Attributes:
        attempts: how often the first of what is left was begun, this time among them.
    """

    number: int
    kind: JobKind
    attempts: int
    received: tuple[tuple[int, ReceivedDocument], ...]
    deleted: tuple[tuple[int, int], ...]


class JobStore:
    """The jobs of one index."""

    def __init__(self, database: ServiceDatabase, max_waiting: int) -> None:
        """Keep them in the service's database; refuse more than ``max_waiting``."""
        self._database = database
        self._max_waiting = max_waiting

    def add_ingest(
        self, owner: str, documents: Sequence[ReceivedDocument], names: Sequence[str]
    ) -> Job:
        """Accept documents; when this returns, they are on the disk.

        Raises:
            Overloaded: too many jobs wait already.
        """
        rows = [
            (i, name, document.uri, None, content_of(document))
            for i, (name, document) in enumerate(zip(names, documents, strict=True))
        ]
        return self._add(owner, "ingest", rows)

    def add_delete(self, owner: str, document_id: int, uri: str) -> Job:
        """Accept a deletion; it comes before all ingests that wait."""
        return self._add(owner, "delete", [(0, "", uri, document_id, None)])

    def _add(
        self,
        owner: str,
        kind: JobKind,
        rows: Sequence[tuple[int, str, str, int | None, str | None]],
    ) -> Job:
        job_id = secrets.token_hex(16)
        with self._database.writing() as db:
            (waiting,) = db.execute("SELECT count(*) FROM jobs WHERE state = 'waiting'").fetchone()
            if waiting >= self._max_waiting:
                raise Overloaded("too many uploads wait to be taken in: try again later")
            number = db.execute(
                "INSERT INTO jobs (id, owner, kind, state, created_at) VALUES (?, ?, ?, ?, ?)",
                [job_id, owner, kind, "waiting", _now()],
            ).lastrowid
            db.executemany(
                "INSERT INTO job_documents (job, position, name, uri, document_id, content, state) "
                f"VALUES ({number}, ?, ?, ?, ?, ?, 'waiting')",
                rows,
            )
            db.execute(
                "DELETE FROM jobs WHERE number <= ? AND state IN ('done', 'failed')",
                [(number or 0) - _KEPT_JOBS],
            )
        return self.job(job_id, owner)

    def job(self, job_id: str, owner: str) -> Job:
        """Return a job of an owner.

        Raises:
            JobNotFound: there is none of that id, or it is another's; one cannot tell which.
        """
        with self._database.reading() as db:
            row = db.execute(
                "SELECT * FROM jobs WHERE id = ? AND owner = ?", [job_id, owner]
            ).fetchone()
            if row is None:
                raise JobNotFound("there is no such job")
            return _job(db, row)

    def jobs(self, owner: str, limit: int) -> list[Job]:
        """Return an owner's newest jobs, newest first."""
        if not self._database.exists:
            return []
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT * FROM jobs WHERE owner = ? ORDER BY number DESC LIMIT ?", [owner, limit]
            ).fetchall()
            return [_job(db, row) for row in rows]

    def count(self) -> dict[str, int]:
        """Return how many jobs are in each state."""
        counts = dict.fromkeys(get_args(JobState), 0)
        if self._database.exists:
            with self._database.reading() as db:
                counts |= dict(db.execute("SELECT state, count(*) FROM jobs GROUP BY state"))
        return counts

    # What follows is for the one process that writes.

    def release(self) -> None:
        """Put back what a process that is no more had claimed."""
        with self._database.writing() as db:
            db.execute("UPDATE jobs SET state = 'waiting' WHERE state = 'running'")

    def claim(self) -> Claim | None:
        """Take the next job, deletions first; None when nothing waits."""
        if not self._database.exists or not self._is_waiting():
            return None
        with self._database.writing() as db:
            row = db.execute(
                "SELECT * FROM jobs WHERE state = 'waiting' ORDER BY kind = 'ingest', number"
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE number = ?",
                [row["number"]],
            )
            left = db.execute(
                "SELECT * FROM job_documents WHERE job = ? AND state = 'waiting' ORDER BY position",
                [row["number"]],
            ).fetchall()
        return Claim(
            number=row["number"],
            kind=row["kind"],
            attempts=row["attempts"] + 1,
            received=tuple(
                (r["position"], document_of(r["content"])) for r in left if r["content"]
            ),
            deleted=tuple((r["position"], r["document_id"]) for r in left if not r["content"]),
        )

    def _is_waiting(self) -> bool:
        """Look without a lock; this is asked several times a second."""
        with self._database.reading() as db:
            query = "SELECT 1 FROM jobs WHERE state = 'waiting' LIMIT 1"
            return db.execute(query).fetchone() is not None

    def put_back(self, claim: Claim) -> None:
        """Let a job wait again, as if it had not been tried."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE jobs SET state = 'waiting', attempts = attempts - 1 "
                "WHERE number = ? AND state = 'running'",
                [claim.number],
            )

    def note_progress(self, claim: Claim, position: int, done: int, total: int) -> None:
        """Note how many of a document's passages are encoded."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE job_documents SET passages_done = ?, passages = ? "
                "WHERE job = ? AND position = ?",
                [done, total, claim.number, position],
            )

    def note_stored(self, claim: Claim, position: int, stored: StoredDocument) -> None:
        """Note that a document is in the index."""
        self._end(claim, position, stored.outcome, document_id=stored.document_id)

    def note_deleted(self, claim: Claim, position: int) -> None:
        """Note that a document is out of the index."""
        self._end(claim, position, "deleted")

    def note_failed(self, claim: Claim, position: int, reason: str) -> None:
        """Note that a document cannot be stored."""
        self._end(claim, position, "failed", reason=reason)

    def finish(self, claim: Claim) -> None:
        """Note that a job is done; it failed if one of its documents did."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE jobs SET finished_at = ?, state = CASE WHEN EXISTS (SELECT 1 FROM "
                "job_documents WHERE job = number AND state = 'failed') THEN 'failed' "
                "ELSE 'done' END WHERE number = ?",
                [_now(), claim.number],
            )

    def _end(
        self,
        claim: Claim,
        position: int,
        state: DocumentState,
        *,
        document_id: int | None = None,
        reason: str | None = None,
    ) -> None:
        with self._database.writing() as db:
            db.execute(
                "UPDATE job_documents SET state = ?, reason = ?, content = NULL, "
                "document_id = coalesce(?, document_id) WHERE job = ? AND position = ?",
                [state, reason, document_id, claim.number, position],
            )
            # The next document is begun for the first time: what came before it does not count.
            db.execute("UPDATE jobs SET attempts = 1 WHERE number = ?", [claim.number])


def job_json(job: Job) -> dict[str, object]:
    """Return a job as it is shown."""
    return asdict(job)


def _job(db: sqlite3.Connection, row: sqlite3.Row) -> Job:
    documents = tuple(
        JobDocument(
            name=inner["name"],
            uri=inner["uri"],
            state=cast(DocumentState, inner["state"]),
            document_id=inner["document_id"],
            passages_done=inner["passages_done"],
            passages=inner["passages"],
            reason=inner["reason"],
        )
        for inner in db.execute(
            "SELECT name, uri, state, document_id, passages_done, passages, reason "
            "FROM job_documents WHERE job = ? ORDER BY position",
            [row["number"]],
        )
    )
    return Job(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        done=sum(document.state != "waiting" for document in documents),
        total=len(documents),
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        documents=documents,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
