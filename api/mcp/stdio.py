"""MCP over standard input and output, for a client that starts the server itself.

Nothing but the protocol goes to standard output: while it is spoken, the SDK has put standard
error in its place for everybody else.
"""

from typing import Any

import anyio
from mcp.server import Server
from mcp.server.stdio import stdio_server

from answerable.index import available_cores

from ..engine import Engine
from ..http.answers import Answers
from ..http.gate import Gate
from ..models import Lazy
from .server import Host, mcp_server
from .settings import McpSettings


def speak(settings: McpSettings) -> None:
    """Serve the one client until it closes the streams; what is under way is ended."""
    engine = Lazy(lambda: Engine.open(settings=settings))
    gate = Gate(settings.concurrency or available_cores(), settings.queue)
    server = mcp_server(
        Host(
            settings=settings,
            engine=engine,
            answers=Answers(settings.cache_bytes),
            gate=gate,
            principals_of=lambda request: settings.principals,
        )
    )
    try:
        anyio.run(_run, server)
    finally:
        gate.close()
        if opened := engine.made():
            opened.close()


async def _run(server: Server[Any]) -> None:
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
