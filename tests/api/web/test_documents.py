"""The documents on the page: their list, adding, deleting."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from answerable.api import Engine
from tests.api.web.actions import PAGE_MARKS, ask, check_accessible
from tests.api.web.documents import N_SMALL

pytestmark = PAGE_MARKS

IN_HAND = re.compile(r"aken in")
PATIENCE_MS = 200_000  # hundreds of passages are encoded


@pytest.fixture
def documents(page: Page) -> Page:
    """The page with the documents."""
    page.get_by_role("link", name="Documents", exact=True).click()
    expect(page.locator("#documents > li").first).to_be_visible()
    return page


def _upload(page: Page, *paths: Path) -> Locator:
    page.get_by_label("Add files").set_input_files(list(paths))
    return page.locator("#uploads > li")


def _watch_states(page: Page) -> None:
    """Keep every state that the newest upload is in."""
    page.evaluate(
        """() => {
            window.states = [];
            const note = () => {
                const row = document.querySelector("#uploads > li");
                const share = row?.querySelector("progress")?.getAttribute("value");
                if (row) states.push([row.querySelector(".state").textContent, share]);
            };
            new MutationObserver(note).observe(document.getElementById("uploads"),
                { subtree: true, childList: true, attributes: true, characterData: true });
        }"""
    )


def test_list(documents: Page) -> None:
    """Each document has its title, kind, collection and date; more come on request."""
    rows = documents.locator("#documents > li")
    expect(rows).to_have_count(50)
    leave = rows.filter(has_text="Leave policy")
    expect(leave.locator(".kind")).to_have_text("Markdown")
    expect(leave.locator(".collection")).to_have_text("default")
    expect(leave.locator(".date")).to_contain_text("changed ")
    check_accessible(documents)
    documents.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(14 + 3 + N_SMALL)
    expect(rows.nth(50).get_by_role("button").first).to_be_focused()
    expect(documents.get_by_role("button", name="Show more")).to_be_hidden()
    leave.get_by_role("button", name="Leave policy", exact=True).click()
    expect(documents.get_by_role("dialog").locator("#document-text")).to_contain_text(
        "Annual leave"
    )


def test_list_of_a_collection(documents: Page) -> None:
    """The list can be narrowed to a collection."""
    documents.locator("#documents-collection").select_option("policies")
    rows = documents.locator("#documents > li")
    expect(rows).to_have_count(2)
    expect(rows.locator(".collection")).to_have_text(["policies", "policies"])
    expect(documents.locator("#documents-summary")).to_have_text("2 documents")


def test_upload_shows_its_progress(documents: Page, tmp_path: Path) -> None:
    """A file goes through sending and taking in, passage by passage, and can be asked then."""
    path = tmp_path / "lighthouse log.md"
    days = (
        f"On day {n} the lamp of the lighthouse burned {n} litres of oil.\n\n" for n in range(5500)
    )
    path.write_text("# Lighthouse log\n\n" + "".join(days), encoding="utf-8")
    _watch_states(documents)
    documents.get_by_label("to the collection").fill("lighthouse")
    row = _upload(documents, path)
    expect(row.get_by_role("progressbar")).to_have_accessible_name("lighthouse log.md")
    expect(row.locator(".state")).to_contain_text("Taken in: ", timeout=PATIENCE_MS)
    check_accessible(documents)
    expect(row.locator(".state")).to_have_text("Added", timeout=PATIENCE_MS)
    expect(documents.locator("#uploads-summary")).to_have_text("1 of 1 file added")
    states = documents.evaluate("states")
    taken_in = [float(share) for text, share in states if text.startswith("Taken in: ") and share]
    assert taken_in == sorted(taken_in)
    assert 0 < taken_in[0] < 1
    row.get_by_role("button", name="Open lighthouse log.md").click()
    expect(documents.get_by_role("dialog").locator("h2")).to_have_text("Lighthouse log")
    documents.keyboard.press("Escape")
    expect(documents.locator("#documents-collection option", has_text="lighthouse")).to_have_count(
        1
    )
    documents.get_by_role("link", name="Ask", exact=True).click()
    shown = ask(documents, "How much oil did the lighthouse burn on day 17?")
    expect(shown.locator(".source").first).to_contain_text("Lighthouse log")


def test_each_file_has_its_own_error(documents: Page, tmp_path: Path) -> None:
    """A broken file is named with the reason, and those beside it are taken in."""
    broken, good, empty = (tmp_path / name for name in ("broken.pdf", "good.txt", "empty.txt"))
    broken.write_bytes(b"%PDF-1.7 this is none")
    good.write_text("The heron nests in the tower.\n", encoding="utf-8")
    empty.write_text("", encoding="utf-8")
    rows = _upload(documents, broken, good, empty)
    expect(documents.locator("#uploads-summary")).to_have_text("1 of 3 files added, 2 failed")
    for name in ("broken.pdf", "empty.txt"):
        failed = rows.filter(has_text=name)
        expect(failed).to_have_class("failed")
        expect(failed.locator(".state")).to_contain_text(f"{name}: ")
    expect(rows.filter(has_text="good.txt").locator(".state").first).to_have_text("Added")
    check_accessible(documents)
    _upload(documents, good)
    expect(rows.first.locator(".state")).to_have_text("Already there, unchanged")


def test_cancelled_upload_is_not_taken_in(documents: Page, tmp_path: Path) -> None:
    """What is stopped while it is sent never comes into the index; what waits is not sent."""
    slow = documents.context.new_cdp_session(documents)
    slow.send("Network.enable")
    limits = {"offline": False, "latency": 0, "downloadThroughput": -1}
    slow.send("Network.emulateNetworkConditions", {**limits, "uploadThroughput": 64 * 1024})
    large, waiting = tmp_path / "large.txt", tmp_path / "waiting.txt"
    large.write_text(
        "A long and weary tale. " * 1_500_000, encoding="utf-8"
    )  # also if the limit comes late
    waiting.write_text("A short tale.\n", encoding="utf-8")
    rows = _upload(documents, large, waiting)
    expect(rows.filter(has_text="large.txt").locator(".state")).to_contain_text("Sending")
    expect(rows.filter(has_text="waiting.txt").locator(".state")).to_have_text("Waiting to be sent")
    for name in ("waiting.txt", "large.txt"):
        documents.get_by_role("button", name=f"Cancel {name}").click()
        expect(rows.filter(has_text=name).locator(".state")).to_have_text("Cancelled")
    slow.send("Network.emulateNetworkConditions", {**limits, "uploadThroughput": -1})
    expect(documents.locator("#uploads-summary")).to_have_text("0 of 2 files added, 2 cancelled")
    listed = documents.request.get("/v1/documents?limit=200").json()["documents"]
    assert not {"large", "waiting"} & {document["title"] for document in listed}


def test_upload_goes_on_after_reload(documents: Page, index_folder: Path, tmp_path: Path) -> None:
    """What the service has accepted is shown again when the page comes back."""
    path = tmp_path / "tide tables.md"
    path.write_text("High water is at 9:15 in the harbour.\n", encoding="utf-8")
    row = documents.locator("#uploads > li")
    with _held(index_folder):
        _upload(documents, path)
        expect(row.locator(".state")).to_contain_text(IN_HAND)
        expect(row.get_by_role("button", name="Cancel")).to_have_count(0)
        documents.reload()
        expect(row).to_contain_text("tide tables.md")
        expect(row.locator(".state")).to_contain_text(IN_HAND)
    expect(row.locator(".state")).to_have_text("Added")


@contextmanager
def _held(index_folder: Path) -> Iterator[None]:
    """Be the one who writes the index, so that nobody else does."""
    with Engine.open(index_folder) as engine, engine.index.writing():
        yield


def test_delete(documents: Page, index_folder: Path, tmp_path: Path) -> None:
    """A document goes only after a confirmation, and is not found any more."""
    path = tmp_path / "gazebo.md"
    path.write_text("# Gazebo\n\nThe gazebo was painted by Wilhelmina Prost.\n", encoding="utf-8")
    documents.get_by_label("to the collection").fill("garden")
    expect(_upload(documents, path).locator(".state")).to_have_text("Added")
    documents.goto("/#view=documents&in=garden")
    rows = documents.locator("#documents > li")
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name="Delete Gazebo").click()
    confirm = documents.get_by_role("dialog", name="Delete this document?")
    expect(confirm).to_contain_text("Gazebo will no longer be found")
    expect(confirm.get_by_role("button", name="Keep it")).to_be_focused()
    check_accessible(documents)
    documents.keyboard.press("Enter")
    expect(confirm).to_be_hidden()
    expect(rows).to_have_count(1)
    rows.get_by_role("button", name="Delete Gazebo").click()
    with _held(index_folder):
        confirm.get_by_role("button", name="Delete", exact=True).click()
        expect(rows).to_have_class("is-leaving")
    expect(rows).to_have_count(0)
    expect(documents.locator("#documents-heading")).to_be_focused()
    expect(documents.locator("#announced")).to_have_text("Deleted Gazebo.")
    expect(documents.locator("#documents-summary")).to_have_text(
        "No document is in this collection."
    )
    shown = ask(_to_asking(documents), "Who painted the gazebo?")
    assert "Prost" not in shown.inner_text()


def _to_asking(page: Page) -> Page:
    page.goto("/")
    return page


def test_dropped_file(documents: Page) -> None:
    """A file that is dropped on the page is added like one that is chosen."""
    documents.locator("#drop").evaluate(
        """(zone) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(["The quay is paved with slate.\\n"], "quay.txt"));
            zone.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
        }"""
    )
    row = documents.locator("#uploads > li").filter(has_text="quay.txt")
    expect(row.locator(".state")).to_have_text("Added")
