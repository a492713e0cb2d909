"""A corpus of harmful uploads: each gets a clear 4xx, and the service goes on."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.api.http.hostile import Hostile, form, hostile_uploads, one_file
from tests.api.http.serving import finished, ingesting, problem_of, serving

MAX_BYTES = 24 << 20
MAX_FILES = 5
CORPUS = hostile_uploads(MAX_BYTES, MAX_FILES)
# Of this process: the largest body is 24 MiB, and it is never held whole.
MAX_GROWTH_MIB = 150


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the index is, alone in a folder that nothing else writes to."""
    return tmp_path_factory.mktemp("hostile") / "inner" / "index"


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    """A service that takes in what it accepts."""
    with (
        serving(folder, max_upload_bytes=MAX_BYTES, max_upload_files=MAX_FILES) as opened,
        ingesting(folder),
    ):
        text = {"name": "before.txt", "text": "The word is herring."}
        finished(opened, opened.post("/v1/documents", json=text))
        yield opened


def test_corpus_is_large() -> None:
    """There are at least 60 cases, all different."""
    assert len(CORPUS) >= 60
    assert len({case.name for case in CORPUS}) == len(CORPUS)


@pytest.mark.slow
@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name[:40])
def test_hostile_upload(case: Hostile, client: TestClient, folder: Path) -> None:
    """It is refused with a reason, nothing of it stays, and the service answers as before."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    headers = {"content-type": case.content_type} if case.content_type else {}
    response = client.post("/v1/documents", content=case.body, headers=headers)
    problem = problem_of(response, case.status)
    assert problem["detail"]
    assert str(folder) not in response.text
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mib < MAX_GROWTH_MIB
    uploads = folder / "uploads"
    assert not uploads.exists() or list(uploads.iterdir()) == []
    assert [path.name for path in folder.parent.iterdir()] == ["index"]
    assert [one["title"] for one in client.get("/v1/documents").json()["documents"]] == ["before"]
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("/etc/cron.d/x.txt", "x.txt"),
        ("C:\\\\Windows\\\\a.txt", "a.txt"),
        ("..%2f..%2fa.txt", "..%2f..%2fa.txt"),
        ("con.txt", "con.txt"),
        ("-rf.txt", "-rf.txt"),
        ("$(id).txt", "$(id).txt"),
        ("<script>.txt", "<script>.txt"),
    ],
)
def test_name_is_never_a_path(given: str, name: str, folder: Path) -> None:
    """Such a name is only a name: nothing is written by it."""
    with serving(folder.parent.parent / "names") as client:
        response = client.post(
            "/v1/documents",
            content=one_file(given, b"A text."),
            headers={"content-type": "multipart/form-data; boundary=b0undary"},
        )
    assert response.status_code == 202, response.text
    assert response.json()["documents"][0]["name"] == name
    assert {path.name for path in (folder.parent.parent / "names").iterdir()} == {
        "service.sqlite3",
        "service.sqlite3-journal",
        "uploads",
    }


def test_form_of_the_corpus_is_sound(client: TestClient) -> None:
    """The corpus fails for its faults: a form made the same way without one is taken."""
    body = form(('form-data; name="file"; filename="good.txt"', b"The word is red."))
    headers = {"content-type": "multipart/form-data; boundary=b0undary"}
    response = client.post("/v1/documents", content=body, headers=headers)
    job = finished(client, response)
    assert job["documents"][0]["state"] == "added"
    assert client.delete(f"/v1/documents/{job['documents'][0]['document_id']}").is_success
