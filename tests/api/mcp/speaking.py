"""The MCP server in this process, over an engine without models, and the SDK's own client."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
import httpx2
import pytest
from fastapi import FastAPI
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from answerable.api import Engine, Settings
from answerable.api.mcp.app import create_mcp_app
from answerable.api.mcp.settings import McpSettings
from tests.api.fakes import ScriptedReader, open_engine

T = TypeVar("T")
URL = "http://127.0.0.1/mcp"


@asynccontextmanager
async def speaking(
    index_folder: Path, reader: ScriptedReader | None = None, **settings: Any
) -> AsyncIterator[FastAPI]:
    """Lend the app over an index; it has what ``settings`` say."""
    made = McpSettings(index=index_folder, **{"access_log": False, **settings})

    def opened(settings: Settings) -> Engine:
        return open_engine(settings.index, settings, reader, create=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "open", opened)
        app = create_mcp_app(made)
        async with app.router.lifespan_context(app):
            yield app


@asynccontextmanager
async def web(app: FastAPI, headers: dict[str, str] | None = None) -> AsyncIterator[Any]:
    """Lend an HTTP client of the app."""
    transport = httpx2.ASGITransport(app=app)
    base = "http://127.0.0.1"
    async with httpx2.AsyncClient(transport=transport, headers=headers, base_url=base) as client:
        yield client


@asynccontextmanager
async def client_of(
    app: FastAPI, headers: dict[str, str] | None = None, *, mode: str = "auto"
) -> AsyncIterator[Client]:
    """Lend the SDK's client, over HTTP into this process."""
    async with web(app, headers) as http:
        transport = streamable_http_client(URL, http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


def spoken(
    index_folder: Path,
    talk: Callable[[Client], Awaitable[T]],
    headers: dict[str, str] | None = None,
    *,
    reader: ScriptedReader | None = None,
    mode: str = "auto",
    **settings: Any,
) -> T:
    """Return what comes of a talk with the server."""

    async def main() -> T:
        async with (
            speaking(index_folder, reader, **settings) as app,
            client_of(app, headers, mode=mode) as client,
        ):
            return await talk(client)

    return anyio.run(main)


def called(index_folder: Path, name: str, arguments: dict[str, Any], **options: Any) -> Any:
    """Return what one call of a tool gives."""

    async def talk(client: Client) -> Any:
        return await client.call_tool(name, arguments)

    return spoken(index_folder, talk, **options)
