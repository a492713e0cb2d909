"""What the MCP server offers, and how it answers: through the SDK's own client, without models."""

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import TextResourceContents

from answerable.api.mcp import documents
from answerable.index import Filters
from answerable.reader import Prediction
from tests.api.fakes import ScriptedReader, open_engine
from tests.api.mcp.speaking import called, spoken

PUBLIC = Filters(principals=())
HOME = {"question": "How many days may I work from home?"}


def _text(result: Any) -> str:
    assert len(result.content) == 1
    text: str = result.content[0].text
    return text


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_answer_is_that_of_the_engine(mode: str, index_folder: Path) -> None:
    """In the protocol of today and the one before, the result is the engine's, as data and as text."""
    result = called(index_folder, "ask", HOME, mode=mode)
    with open_engine(index_folder) as engine:
        expected = engine.ask(HOME["question"], principals=())
    found = result.structured_content
    assert not result.is_error
    assert json.loads(_text(result)) == found
    assert found["answer"]["text"] == "three days per week"
    assert expected.answer is not None
    assert found["answer"]["start"] == expected.answer.start
    assert (found["abstained"], found["reason"]) == (False, None)


def test_limit_that_no_longer_holds_is_not_the_models_to_change(index_folder: Path) -> None:
    """The tool takes no limit, so that the model is not told to use another."""
    result = called(index_folder, "ask", HOME, max_error=0.1)
    assert result.is_error
    assert "cannot keep its own error limit" in _text(result)
    assert "max_error" not in _text(result)


@pytest.mark.parametrize(
    ("reader", "question", "reason"),
    [
        (ScriptedReader(), "Who sings?", "no_answer_in_passages"),
        (ScriptedReader(0.2), HOME["question"], "low_confidence"),
    ],
)
def test_abstention_says_why(
    reader: ScriptedReader, question: str, reason: str, index_folder: Path
) -> None:
    """An abstention is a result, no error: its reason, and the nearest evidence."""
    result = called(index_folder, "ask", {"question": question}, reader=reader)
    found = result.structured_content
    assert not result.is_error
    assert (found["answer"], found["abstained"], found["reason"]) == (None, True, reason)
    assert found["nearest"][0]["text"]
    assert bool(found["candidates"]) == (reason == "low_confidence")


class _Disagreeing(ScriptedReader):
    """Finds that its first two quotes contradict each other."""

    def read(self, *arguments: Any, **options: Any) -> Prediction:
        found = super().read(*arguments, **options)
        return Prediction(None, "conflicting_answers", found.spans)


def test_conflict_shows_both_sides(index_folder: Path) -> None:
    """Where two documents disagree there is no answer, and both sides come with their sources."""
    question = {"question": "How many days at home, how many weeks of parental leave?"}
    found = called(index_folder, "ask", question, reader=_Disagreeing()).structured_content
    assert (found["answer"], found["reason"]) == (None, "conflicting_answers")
    sides = {one["document"]["uri"].rpartition("/")[2] for one in found["candidates"][:2]}
    assert sides == {"remote.md", "leave.txt"}


def test_nothing_to_find(tmp_path: Path) -> None:
    """An empty index has no passages, and says that."""
    open_engine(tmp_path / "index").close()
    result = called(tmp_path / "index", "ask", HOME)
    assert result.structured_content["reason"] == "no_passages"


def test_search_ranks_passages(index_folder: Path) -> None:
    """A search returns at most k passages, of one document if that is asked for."""
    found = called(index_folder, "search", {"query": "desk allowance", "k": 1}).structured_content
    (hit,) = found["hits"]
    assert "400 euros" in hit["text"]
    only = {"query": "weeks", "documents": [hit["document"]["id"]]}
    hits = called(index_folder, "search", only).structured_content["hits"]
    assert {one["document"]["id"] for one in hits} == {hit["document"]["id"]}


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("ask", {}, "question: Field required"),
        ("ask", {"question": 3}, "question: Input should be a valid string"),
        ("ask", {"question": ""}, "question: "),
        ("ask", {"question": " \u200b"}, "the question is empty"),
        ("ask", {"question": "x" * 2001}, "at most 2,000"),
        ("ask", {**HOME, "k": 0}, "k: "),
        ("ask", {**HOME, "k": 101}, "k: "),
        ("ask", {**HOME, "k": "3"}, "k: "),
        ("ask", {**HOME, "surprise": 1}, "surprise: "),
        ("ask", {**HOME, "collection": "\n"}, "collection"),
        ("ask", {**HOME, "documents": []}, "documents is empty"),
        ("ask", {**HOME, "documents": [-1]}, "not the id of a document"),
        ("ask", {**HOME, "documents": [10**30]}, "not the id of a document"),
        ("search", {"question": "x"}, "query: Field required"),
        ("search", {"query": "x" * 2001}, "at most 2,000"),
        ("delete", {}, "call ask or search"),
    ],
)
def test_bad_arguments_are_tool_errors(
    name: str, arguments: dict[str, Any], told: str, index_folder: Path
) -> None:
    """What cannot be done is an error of one line that the model can read."""
    result = called(index_folder, name, arguments)
    assert result.is_error
    assert told in _text(result)
    assert "\n" not in _text(result)
    assert "Traceback" not in _text(result)


def test_failures_tell_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is the server's own side goes to its log: folders and defects are not told over HTTP."""
    missing = called(tmp_path / "nowhere", "ask", HOME)
    assert missing.is_error
    assert str(tmp_path) not in _text(missing)
    assert str(tmp_path) in caplog.text

    class Broken(ScriptedReader):
        def read(self, *_arguments: Any, **_options: Any) -> Any:
            raise ZeroDivisionError(str(tmp_path))

    open_engine(tmp_path / "index").close()
    broken = called(tmp_path / "index", "ask", HOME, reader=Broken())
    assert (broken.is_error, _text(broken)) == (True, "the server failed; its log says why")


def test_tools_are_described(index_folder: Path) -> None:
    """Both tools have schemas for both ways, and say that they only read."""

    async def talk(client: Client) -> Any:
        return (await client.list_tools()).tools

    found = {tool.name: tool for tool in spoken(index_folder, talk, max_question_chars=77)}
    assert sorted(found) == ["ask", "search"]
    for tool in found.values():
        hints = tool.annotations
        assert (hints.read_only_hint, hints.destructive_hint, hints.open_world_hint) == (
            True,
            False,
            False,
        )
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema["type"] == "object"
        assert tool.description
    assert found["ask"].input_schema["required"] == ["question"]
    assert found["ask"].input_schema["properties"]["question"]["maxLength"] == 77
    for reason in ("no_passages", "no_answer_in_passages", "low_confidence", "conflicting_answers"):
        assert reason in found["ask"].description


def test_documents_are_resources(index_folder: Path) -> None:
    """What may be seen is listed and read as stored; the rest is as if it were not there."""

    async def talk(client: Client) -> Any:
        listed = (await client.list_resources()).resources
        texts = {one.name: (await client.read_resource(one.uri)).contents for one in listed}
        templates = (await client.list_resource_templates()).resource_templates
        return listed, texts, templates

    listed, texts, (template,) = spoken(index_folder, talk)
    assert template.uri_template == "answerable://documents/{id}{?start}"
    with open_engine(index_folder) as engine:
        assert [one.uri for one in listed] == [
            f"answerable://documents/{info.id}"
            for info in engine.index.documents_after(0, 100, PUBLIC)
        ]
        for name, (part,) in texts.items():
            info = next(i for i in engine.index.documents(PUBLIC) if i.uri == name)
            assert part.text == engine.index.document(info.id, PUBLIC).text
    assert not any("salaries" in one.name for one in listed)


def test_long_lists_and_texts_come_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts joined are the whole: nothing is missing, nothing twice."""
    monkeypatch.setattr(documents, "PAGE_DOCUMENTS", 3)
    monkeypatch.setattr(documents, "PART_CHARS", 40)
    folder = tmp_path / "files"
    folder.mkdir()
    text = "".join(f"Rule {i} is called {i * i}, \U0001f600.\n" for i in range(20))
    for number in range(7):
        (folder / f"{number}.txt").write_text(f"{text}{number}\n", encoding="utf-8")
    with open_engine(tmp_path / "index") as engine:
        engine.ingest([folder])

    async def talk(client: Client) -> Any:
        addresses, cursor = list[str](), None
        while True:
            page = await client.list_resources(cursor=cursor)
            assert len(page.resources) <= 3
            addresses += [one.uri for one in page.resources]
            cursor = page.next_cursor
            if cursor is None:
                break
        whole, address = "", addresses[0]
        while address:
            first, *more = (await client.read_resource(address)).contents
            assert isinstance(first, TextResourceContents)
            assert len(first.text) <= 40
            whole += first.text
            address = more[0].uri if more else ""
        return addresses, whole

    addresses, whole = spoken(tmp_path / "index", talk)
    assert len(addresses) == len(set(addresses)) == 7
    assert whole == f"{text}0\n"


@pytest.mark.parametrize(
    "address",
    [
        "answerable://documents/999",
        "answerable://documents/0",
        "answerable://documents/9999999999999999999",
        "answerable://documents/1?start=99999",
        "answerable://documents/1?start=-1",
        "answerable://documents/1/../2",
        "answerable://documents/",
        "file:///etc/passwd",
        "no address",
    ],
)
def test_no_such_document(address: str, index_folder: Path) -> None:
    """What is no document of ours is an error of the protocol."""

    async def talk(client: Client) -> None:
        with pytest.raises(MCPError) as failed:
            await client.read_resource(address)
        assert failed.value.code == -32602

    spoken(index_folder, talk)


@pytest.mark.parametrize("cursor", ["-1", "x", "9" * 30, ""])
def test_no_such_page(cursor: str, index_folder: Path) -> None:
    """A cursor that we did not give is refused."""

    async def talk(client: Client) -> None:
        with pytest.raises(MCPError):
            await client.list_resources(cursor=cursor)

    spoken(index_folder, talk)


def test_bound_to_a_collection(index_folder: Path, tmp_path: Path) -> None:
    """A server for one collection shows no other, whatever is asked for."""
    other = tmp_path / "other.txt"
    other.write_text("Employees may work from home never.\n", encoding="utf-8")
    with open_engine(index_folder) as engine:
        engine.ingest([other], collection="other")

    async def talk(client: Client) -> Any:
        listed = [one.name for one in (await client.list_resources()).resources]
        asked = [
            await client.call_tool("search", {"query": "work from home", **more})
            for more in ({}, {"collection": "default"}, {"collection": "other"})
        ]
        return listed, [
            {hit["document"]["uri"].rpartition("/")[2] for hit in one.structured_content["hits"]}
            for one in asked
        ]

    listed, found = spoken(index_folder, talk, collection="other")
    assert [name.rpartition("/")[2] for name in listed] == ["other.txt"]
    assert found == [{"other.txt"}, set(), {"other.txt"}]


def test_least_probability_of_the_server_holds(index_folder: Path) -> None:
    """How sure an answer must be is the server's say."""
    sure = called(index_folder, "ask", HOME, min_probability=0.95)
    assert sure.structured_content["reason"] == "low_confidence"
