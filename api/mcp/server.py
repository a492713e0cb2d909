"""The MCP server: the SDK's protocol around an engine's questions, searches and documents.

``mcp_server`` makes it; ``stdio.py`` and ``app.py`` let it speak. Every call works in the gate's
threads, for the principals that ``Host.principals_of`` names, and every failure ends here as a
tool error or a protocol error of one line.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeVar

import mcp_types as types
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError
from starlette.requests import Request

from answerable.index import AnswerableError, DocumentNotFound, Filters

from ..checks import checked_question
from ..engine import Engine
from ..errors import LimitUnsupported
from ..filters import SearchFilters, checked_filters
from ..http.answers import Answered, Answers, Asked
from ..http.gate import ClientGone, Gate
from ..models import Lazy
from ..types import to_json
from . import documents
from .settings import McpSettings
from .tools import ASK, INSTRUCTIONS, SEARCH, AskArguments, SearchArguments, tools

logger = logging.getLogger(__name__)

Context = ServerRequestContext[Any, Request | None]
T = TypeVar("T")

_BROKEN = "the server failed; its log says why"
_LIMIT = (
    "the server cannot keep its own error limit since the calibration changed, so it answers "
    "nothing; no argument changes that: whoever runs it must set another limit or calibrate again"
)


@dataclass(frozen=True, slots=True)
class Host:
    """What the server stands on, and how it differs between stdio and HTTP.

    Attributes:
        principals_of: as whom a request asks; it is None over stdio.
        told_of: what a client is told of one of our errors.
        on_answer: called with each answer; runs in the event loop.
        on_question: called with a request and what it asks.
    """

    settings: McpSettings
    engine: Lazy[Engine]
    answers: Answers
    gate: Gate
    principals_of: Callable[[Request | None], tuple[str, ...] | None]
    told_of: Callable[[AnswerableError], str] = str
    on_answer: Callable[[Answered], None] = lambda answer: None
    on_question: Callable[[Request | None, str], None] = lambda request, question: None

    async def run(self, request: Request | None, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, when its turn comes."""
        return await self.gate.run(request, work, self.settings.deadline_s)

    def seen_by(self, request: Request | None) -> Filters:
        """Return which documents a request may see."""
        return checked_filters(None, self.settings.collection, self.principals_of(request))


def mcp_server(host: Host) -> Server[Any]:
    """Return the server, which answers as ``host`` says."""
    calls = _Calls(host)
    return Server(
        "answerable",
        version=version("answerable"),
        title="Answerable",
        description="Exact quotes from your own documents, or an honest no.",
        instructions=INSTRUCTIONS,
        on_list_tools=calls.list_tools,
        on_call_tool=calls.call_tool,
        on_list_resources=calls.list_resources,
        on_list_resource_templates=calls.list_templates,
        on_read_resource=calls.read_resource,
    )


class _Calls:
    """The requests that the server knows."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tools = tools(host.settings.max_question_chars)

    async def list_tools(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=self._tools)

    async def call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        called = {ASK: self._ask, SEARCH: self._search}.get(params.name)
        if called is None:
            return _failed(f"there is no tool {params.name[:40]!r}: call {ASK} or {SEARCH}")
        try:
            text = await called(context.request, params.arguments or {})
        except ValidationError as exc:
            return _failed(_wrong_arguments(exc))
        except LimitUnsupported as exc:
            logger.error("%s", exc)
            return _failed(_LIMIT)
        except AnswerableError as exc:
            return _failed(self._host.told_of(exc))
        except ClientGone:
            return _failed("nobody waits for it any more")
        except Exception:  # the edge: whatever it is, the client is told nothing of it
            logger.exception("the tool %s failed", params.name)
            return _failed(_BROKEN)
        return types.CallToolResult(
            content=[types.TextContent(text=text)], structured_content=json.loads(text)
        )

    async def list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        def work() -> types.ListResourcesResult:
            after = documents.last_seen(params.cursor if params else None)
            seen = self._host.seen_by(context.request)
            return documents.listed(self._host.engine.get().index, after, seen)

        return await self._protected(context, work)

    async def list_templates(
        self, _context: Context, _params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=[documents.template()])

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        def work() -> types.ReadResourceResult:
            part = documents.part_of(str(params.uri))
            seen = self._host.seen_by(context.request)
            index = self._host.engine.get().index
            return types.ReadResourceResult(contents=[*documents.read(index, part, seen)])

        return await self._protected(context, work)

    async def _ask(self, request: Request | None, given: dict[str, Any]) -> str:
        host, arguments = self._host, AskArguments.model_validate(given)
        host.on_question(request, arguments.question)
        asked = Asked(
            question=checked_question(arguments.question, host.settings.max_question_chars),
            principals=host.principals_of(request),
            filters=self._filters(arguments),
            options=(("collection", arguments.collection), ("k", arguments.k)),
        )
        answer = await host.run(request, lambda: host.answers.ask(host.engine.get(), asked))
        host.on_answer(answer)
        return answer.body.decode()

    async def _search(self, request: Request | None, given: dict[str, Any]) -> str:
        host, arguments = self._host, SearchArguments.model_validate(given)
        host.on_question(request, arguments.query)

        def work() -> str:
            result = host.engine.get().search(
                arguments.query,
                k=arguments.k,
                collection=arguments.collection,
                filters=self._filters(arguments),
                principals=host.principals_of(request),
            )
            return json.dumps(to_json(result), ensure_ascii=False, allow_nan=False)

        return await host.run(request, work)

    def _filters(self, arguments: AskArguments | SearchArguments) -> SearchFilters:
        """Return what the server and the call narrow a search to; both hold."""
        bound = self._host.settings.collection
        return SearchFilters(
            collections=None if bound is None else (bound,), documents=arguments.documents
        )

    async def _protected(self, context: Context, work: Callable[[], T]) -> T:
        """Run work whose failures are errors of the protocol, as resources have no others."""
        try:
            return await self._host.run(context.request, work)
        except DocumentNotFound as exc:
            raise MCPError(types.INVALID_PARAMS, str(exc)) from exc
        except AnswerableError as exc:
            raise MCPError(types.INTERNAL_ERROR, self._host.told_of(exc)) from exc
        except ClientGone as exc:
            raise MCPError(types.INTERNAL_ERROR, "nobody waits for it any more") from exc
        except Exception as exc:  # the edge, as for tools
            logger.exception("a resource could not be given")
            raise MCPError(types.INTERNAL_ERROR, _BROKEN) from exc


def _failed(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)


def _wrong_arguments(exc: ValidationError) -> str:
    """Return what is wrong with a call's arguments, and not what they were."""
    wrong = (
        f"{'.'.join(str(part) for part in error['loc'])[:80] or 'arguments'}: {error['msg']}"
        for error in exc.errors(include_url=False, include_context=False, include_input=False)[:5]
    )
    return "; ".join(wrong)
