"""Nothing that an asker may not see is in any message of the MCP server, of any tool or resource."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError

from tests.api.http.serving import key_for
from tests.api.mcp.speaking import client_of, speaking
from tests.api.worlds import ASKERS, leaked, planted, store

QUESTIONS = ("What is the allowance?", "May I work from home?", "Who sings?")


async def _everything(client: Client, ids: list[int]) -> list[str]:
    """Use all that there is, well and badly, aimed at every document; return what came."""
    shown = [(await client.list_tools()).model_dump_json(), str(client.instructions)]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("ask", {"question": question, "k": 100}) for question in QUESTIONS
    ]
    calls += [("search", {"query": "allowance home zq", "k": 100})]
    for id_ in ids:
        calls += [
            ("ask", {"question": QUESTIONS[0], "documents": [id_]}),
            ("search", {"query": "allowance", "documents": [id_]}),
        ]
    calls += [("ask", {"question": "x" * 3000}), ("search", {"k": 1}), ("nothing", {})]
    calls += calls[:2]  # from memory
    for name, arguments in calls:
        result = (await client.call_tool(name, arguments)).model_dump(by_alias=True, mode="json")
        shown.append(repr(_timeless(result)))
    listed = await client.list_resources()
    shown.append(listed.model_dump_json())
    shown.append((await client.list_resource_templates()).model_dump_json())
    for id_ in ids:
        for address in (f"answerable://documents/{id_}", f"answerable://documents/{id_}?start=9"):
            try:
                shown.append((await client.read_resource(address)).model_dump_json())
            except MCPError as exc:
                shown.append(repr((exc.code, exc.message, exc.data)))
    return shown


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        changing = ("timing_ms", "ingested_at", "modified_at", "text")
        return {name: _timeless(v) for name, v in value.items() if name not in changing}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [21])
def test_no_message_tells(seed: int, tmp_path: Path) -> None:
    """Over HTTP with a key each: results, lists, texts and errors hold nothing of others."""
    documents = planted(seed)
    ids = store(tmp_path / "index", documents)
    askers = (ASKERS[0], ASKERS[1], ASKERS[-1])
    keys = {who: key_for(tmp_path / "index", "ask", principals=who) for who in askers}

    async def main() -> None:
        async with speaking(tmp_path / "index", rate_per_minute=0) as app:
            for who, key in keys.items():
                hidden = [ids[one.word] for one in documents if not one.is_seen_by(who)]
                async with client_of(app, key) as client:
                    for text in await _everything(client, hidden[:4]):
                        assert leaked(text.encode(), documents, who) == []

    anyio.run(main)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [31])
def test_same_messages_as_without_the_hidden(seed: int, tmp_path: Path) -> None:
    """What comes is what comes from an index that never held what is hidden."""
    asker = ("group:hr",)
    documents = planted(seed, 8)
    seen = [one for one in documents if one.is_seen_by(asker)]
    hidden = [one for one in documents if not one.is_seen_by(asker)]
    folder = tmp_path / "index"

    async def main() -> list[str]:
        async with (
            speaking(folder, principals=asker) as app,
            client_of(app) as client,
        ):
            return await _everything(client, list(range(1, len(documents) + 1)))

    shown = []
    for name, stored in (("all", [*seen, *hidden]), ("own", seen)):
        store(folder, stored)
        shown.append(anyio.run(main))
        folder.rename(folder.with_name(name))
    assert shown[0] == shown[1]
