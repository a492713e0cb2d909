"""Documents through HTTP: uploaded, listed, read, replaced, deleted."""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from answerable.api.http.database import DATABASE_NAME, ServiceDatabase
from answerable.api.http.jobs import MAX_ATTEMPTS, JobStore
from answerable.index import ReceivedDocument, StoredDocument
from tests.api.http.serving import finished, full_database, ingesting, key_for, problem_of, serving

TRAVEL = "# Travel\n\nThe allowance for a desk abroad is 400 euros.\n"
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "handbook"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an index will be."""
    return tmp_path / "index"


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """A service whose index is made by the first upload."""
    with serving(folder, max_upload_files=3) as opened, ingesting(folder):
        yield opened


def _send(client: TestClient, name: str, text: str, **more: Any) -> Any:
    headers = more.pop("headers", None)
    body = {"name": name, "text": text, **more}
    return client.post("/v1/documents", json=body, headers=headers)


def test_text_is_taken_in_and_found(client: TestClient) -> None:
    """A text that is sent is stored unchanged, and answers a question."""
    job = finished(client, _send(client, "travel.md", TRAVEL, metadata={"author": "Ann"}))
    assert (job["state"], job["done"], job["total"]) == ("done", 1, 1)
    assert job["documents"][0]["state"] == "added"
    assert job["documents"][0]["passages_done"] == job["documents"][0]["passages"] == 1
    found = client.get(f"/v1/documents/{job['documents'][0]['document_id']}").json()
    assert found["text"] == TRAVEL
    assert found["document"]["uri"] == "upload:///travel.md"
    assert (found["document"]["title"], found["document"]["allow"]) == ("travel", ["public"])
    assert found["document"]["metadata"] == {"author": "Ann"}
    answer = client.post("/v1/ask", json={"question": "How large is the allowance?"}).json()
    span = answer["answer"]
    assert found["text"][span["start"] : span["end"]] == span["text"] == "400 euros"


def test_files_are_taken_in(client: TestClient) -> None:
    """A form with several files is one job; formats are read as ingest reads them."""
    names = ("leave.md", "onboarding.docx")
    files = [("file", (name, (EXAMPLES / name).read_bytes())) for name in names]
    job = finished(client, client.post("/v1/documents", files=files, data={"collection": "hr"}))
    assert [one["state"] for one in job["documents"]] == ["added", "added"]
    listed = client.get("/v1/documents", params={"collection": "hr"}).json()["documents"]
    assert [one["uri"] for one in listed] == [f"upload:///{name}" for name in names]
    stored = client.get(f"/v1/documents/{listed[0]['id']}").json()["text"]
    assert stored == (EXAMPLES / "leave.md").read_text(encoding="utf-8")
    assert client.get("/v1/documents", params={"collection": "other"}).json()["documents"] == []


def test_reader_that_does_not_start_is_not_the_senders_fault(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A PDF that this machine cannot read now is refused with 503; the log says why."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with caplog.at_level(logging.ERROR, "answerable"):
        response = client.post("/v1/documents", files=[("file", ("a.pdf", b"%PDF-1.4"))])
    problem_of(response, 503, "document-reader-unavailable")
    assert response.headers["retry-after"]
    assert "document reader does not start" in caplog.text
    assert "does not start" not in response.text


@pytest.mark.parametrize("is_form", [False, True])
def test_full_database_is_told(
    is_form: bool,
    client: TestClient,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An upload that finds no room is refused with 503, and none of it is kept; the next goes on."""
    full_database(monkeypatch)
    text = TRAVEL * 1000
    with caplog.at_level(logging.ERROR, "answerable"):
        response = (
            client.post("/v1/documents", files=[("file", ("travel.md", text.encode()))])
            if is_form
            else _send(client, "travel.md", text)
        )
    problem = problem_of(response, 503, "disk-full")
    assert problem["title"] == "The service's disk is full"
    assert "nothing of the request was kept" in problem["detail"]
    assert response.headers["retry-after"]
    assert str(folder) in caplog.text and str(folder) not in response.text
    assert client.get("/v1/jobs").json()["jobs"] == []
    assert finished(client, _send(client, "a.txt", "It fits."))["state"] == "done"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_no_room_for_a_file_is_told(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be written while it is received is no defect either."""
    opened = Path.open

    def full(path: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
        if mode == "xb":
            return opened(Path("/dev/full"), "wb")
        return opened(path, mode, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        for size in (10, 1_000_000):
            files = [("file", ("a.txt", b"x" * size))]
            problem_of(client.post("/v1/documents", files=files), 503, "disk-full")
    assert client.post("/v1/documents", files=files).status_code == 202


def test_database_that_is_none_is_told(folder: Path) -> None:
    """What else is wrong with the service's database is a 503 too, and not told further."""
    folder.mkdir()
    (folder / DATABASE_NAME).write_text("no database")
    with serving(folder) as client:
        problem = problem_of(_send(client, "a.txt", "Text."), 503, "service-database-unusable")
    assert problem["detail"] == "The service cannot answer now; its log says why."


def test_same_again_and_new_content(client: TestClient) -> None:
    """The same content changes nothing; new content under the same name replaces the old."""
    jobs = [
        finished(client, _send(client, "a.txt", text))["documents"][0]
        for text in ("One allowance.", "One allowance.", "Another allowance.")
    ]
    assert [job["state"] for job in jobs] == ["added", "unchanged", "updated"]
    assert len({job["document_id"] for job in jobs}) == 1
    assert client.get(f"/v1/documents/{jobs[0]['document_id']}").json()["text"] == (
        "Another allowance."
    )
    moved = finished(client, _send(client, "a.txt", "Another allowance.", metadata={"x": 1}))
    assert moved["documents"][0]["state"] == "updated"


def test_spaces_do_not_meet(client: TestClient, folder: Path) -> None:
    """Keys of different principals have documents of the same name, and see their own only."""
    finished(client, _send(client, "seed.txt", "Seed."))
    ann = key_for(folder, "ask", "ingest", principals=("user:ann",))
    bob = key_for(folder, "ask", "ingest", principals=("user:bob",))
    ids = [
        finished(client, _send(client, "a.txt", text, headers=key), key)["documents"][0]
        for key, text in ((ann, "Ann's text."), (bob, "Bob's text."))
    ]
    assert [one["state"] for one in ids] == ["added", "added"]
    assert ids[0]["document_id"] != ids[1]["document_id"]
    for key, own, other in ((ann, 0, 1), (bob, 1, 0)):
        assert client.get(f"/v1/documents/{ids[own]['document_id']}", headers=key).is_success
        problem_of(client.get(f"/v1/documents/{ids[other]['document_id']}", headers=key), 404)
        problem_of(client.delete(f"/v1/documents/{ids[other]['document_id']}", headers=key), 404)
    jobs = client.get("/v1/jobs", headers=ann).json()["jobs"]
    assert [job["documents"][0]["uri"] for job in jobs] == [ids[0]["uri"]]
    others = client.get("/v1/jobs", headers=bob).json()["jobs"][0]["id"]
    problem_of(client.get(f"/v1/jobs/{others}", headers=ann), 404, "job-not-found")


def test_key_allows_only_whom_it_speaks_for(client: TestClient, folder: Path) -> None:
    """A document can be given to oneself and the public; an admin may give it to anybody."""
    key = key_for(folder, "ingest", principals=("group:hr", "user:ann"))
    sent = _send(client, "a.txt", "Text.", headers=key, allow=["group:sales"])
    problem_of(sent, 403, "principals-too-wide")
    for allow in (["group:hr"], ["public"], None):
        assert _send(client, "a.txt", "Text.", headers=key, allow=allow).status_code == 202
    admin = key_for(folder, "admin")
    assert _send(client, "a.txt", "T.", headers=admin, allow=["group:sales"]).status_code == 202


def test_other_principals_of_a_document_are_not_shown(client: TestClient, folder: Path) -> None:
    """Who may see a document does not learn who else may."""
    admin = key_for(folder, "admin")
    allow = ["group:hr", "user:ann"]
    finished(client, _send(client, "a.txt", "Text.", headers=admin, allow=allow), admin)
    ann = key_for(folder, "ask", principals=("user:ann",))
    assert client.get("/v1/documents", headers=ann).json()["documents"][0]["allow"] == ["user:ann"]


def test_delete(client: TestClient) -> None:
    """A deleted document is gone for every route."""
    job = finished(client, _send(client, "travel.md", TRAVEL))
    url = f"/v1/documents/{job['documents'][0]['document_id']}"
    assert client.delete(url).status_code == 204
    problem_of(client.get(url), 404, "document-not-found")
    problem_of(client.delete(url), 404, "document-not-found")
    assert client.get("/v1/documents").json()["documents"] == []
    answer = client.post("/v1/ask", json={"question": "How large is the allowance?"}).json()
    assert answer["reason"] == "no_passages"


def test_list_is_paged(client: TestClient) -> None:
    """Pages hold every document once."""
    for i in range(5):
        last = _send(client, f"{i}.txt", f"Text {i}.")
    finished(client, last)
    seen, after = [], 0
    while after is not None:
        page = client.get("/v1/documents", params={"after": after, "limit": 2}).json()
        seen += [one["title"] for one in page["documents"]]
        after = page["next"]
    assert seen == [str(i) for i in range(5)]


def test_form_fields_count(client: TestClient) -> None:
    """Collection, metadata and who may see a file come with the form."""
    files = [("file", ("a.txt", b"Text."))]
    data = {"collection": "c", "metadata": json.dumps({"dept": {"name": "HR"}}), "allow": "public"}
    job = finished(client, client.post("/v1/documents", files=files, data=data))
    stored = client.get(f"/v1/documents/{job['documents'][0]['document_id']}").json()["document"]
    assert (stored["collection"], stored["metadata"]) == ("c", {"dept": {"name": "HR"}})


def test_nothing_is_left_of_an_upload(client: TestClient, folder: Path) -> None:
    """Files that were received are deleted, whether they could be read or not."""
    client.post("/v1/documents", files=[("file", ("a.txt", b"Text."))])
    client.post("/v1/documents", files=[("file", ("a.pdf", b"no PDF"))])
    assert list((folder / "uploads").iterdir()) == []


def test_job_that_kills_its_process_is_given_up(tmp_path: Path) -> None:
    """What a dead process had claimed waits again; attempts are counted; progress is kept."""
    jobs = JobStore(ServiceDatabase(tmp_path), max_waiting=5)
    document = ReceivedDocument("upload:///a", "a", "c", "text/plain", "0", 1, "x", (), ("public",))
    jobs.add_ingest("", [document, document], ["a", "b"])
    first = jobs.claim()
    assert first is not None
    jobs.note_stored(first, 0, StoredDocument(7, "added", 1))
    for attempt in range(2, MAX_ATTEMPTS + 2):
        assert jobs.claim() is None  # it is taken
        jobs.release()  # its process died
        claim = jobs.claim()
        assert claim is not None
        assert (claim.attempts, [position for position, _ in claim.received]) == (attempt, [1])


def test_deletions_come_first_and_the_queue_ends(client: TestClient, tmp_path: Path) -> None:
    """A deletion overtakes ingests; one job too many is refused."""
    jobs = JobStore(ServiceDatabase(tmp_path / "other"), max_waiting=2)
    document = ReceivedDocument("upload:///a", "a", "c", "text/plain", "0", 1, "x", (), ("public",))
    jobs.add_ingest("", [document], ["a"])
    jobs.add_delete("", 3, "upload:///b")
    with pytest.raises(Exception, match="try again later"):
        jobs.add_ingest("", [document], ["a"])
    claim = jobs.claim()
    assert claim is not None
    assert (claim.kind, claim.deleted) == ("delete", ((0, 3),))
    assert jobs.count() == {"waiting": 1, "running": 1, "done": 0, "failed": 0}
