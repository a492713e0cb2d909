"""The files of the page as they are sent: to everybody, with a strict policy, once per version."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from answerable.api.http.page_routes import PAGE_POLICY, page_files
from tests.api.http.serving import key_for, problem_of, serving

FILES = page_files()
TEXTS = {name: file.body.decode("utf-8") for name, file in FILES.items()}
MAX_LINES = 400
REFERENCE = re.compile(r"""(?:src|href)="page/([^"]+)"|from "\./([^"]+)"|url\(""")
ELSEWHERE = re.compile(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[\w-]+\.\w+")
PARSES_TEXT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment"
    r"|\beval\(|new Function|setHTML|srcdoc|javascript:"
)
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client without a key of a service that wants one."""
    index = tmp_path_factory.mktemp("page") / "index"
    key_for(index, "ask")
    with serving(index) as opened:
        yield opened


def test_page_needs_no_key(client: TestClient) -> None:
    """The page comes to whoever asks; what it would show does not."""
    page = client.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text == TEXTS["index.html"]
    problem_of(client.get("/v1/collections"), 401, "key-needed")


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in FILES)])
def test_headers(client: TestClient, path: str) -> None:
    """Each file forbids what it does not need, is of its own kind, and is sent once."""
    sent = client.get(path)
    headers = sent.headers
    assert headers["content-security-policy"] == PAGE_POLICY
    assert "unsafe" not in PAGE_POLICY
    assert {"default-src 'none'", "frame-ancestors 'none'", "trusted-types 'none'"} <= set(
        PAGE_POLICY.split("; ")
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-cache"
    tag = headers["etag"]
    for known in (tag, f'"other", W/{tag}'):
        again = client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["content-security-policy"] == PAGE_POLICY
    assert client.get(path, headers={"if-none-match": '"other"'}).content == sent.content


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2Ferrors.py", "%2e%2e", "index.html%00", "a/b.js"]
)
def test_nothing_else_is_sent(client: TestClient, name: str) -> None:
    """Only the files of the page have an address."""
    problem_of(client.get(f"/page/{name}"), 404)


def test_every_file_is_used_and_there() -> None:
    """What one file of the page refers to is there, and nothing lies about unused."""
    used = {one or other for text in TEXTS.values() for one, other in REFERENCE.findall(text)}
    assert used == set(FILES) - {"index.html"}


@pytest.mark.parametrize("name", FILES)
def test_file_keeps_the_rules(name: str) -> None:
    """No address elsewhere, nothing inline, nothing that parses text as markup; and small."""
    text = TEXTS[name]
    found = [pattern.findall(text) for pattern in (ELSEWHERE, PARSES_TEXT)]
    assert found == [[], []]
    assert name != "index.html" or INLINE.findall(text) == []
    assert len(text.splitlines()) <= MAX_LINES


def test_tag_changes_with_the_content() -> None:
    """Different files have different tags."""
    assert len({file.tag for file in FILES.values()}) == len(FILES)


def test_collections_of_whom_asks(index_folder: Path) -> None:
    """Each key sees the collections of the documents that it may see, and how many these are."""
    with serving(index_folder) as opened:
        without = opened.get("/v1/collections").json()["collections"]
        headers = key_for(index_folder, "ask", principals=("group:hr",))
        with_hr = opened.get("/v1/collections", headers=headers).json()["collections"]
    n_public, n_hr = (sum(one["documents"] for one in found) for found in (without, with_hr))
    assert 0 < n_public < n_hr
