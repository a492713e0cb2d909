"""Who asks, and what they may: one table of routes, refused by default.

Each route is a ``GuardedRoute``, which admits a request before its body is read. A route that the
table does not name is refused to everybody, and a test fails.
"""

import hashlib
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

import anyio
from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from ..errors import KeyInvalid, KeyNeeded, OriginRefused, PrincipalsTooWide, ScopeMissing
from .addresses import is_loopback
from .keys import KeyStore, Scope
from .rates import RateLimits

_PUBLIC = "public"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Door(Enum):
    """Routes that need no key."""

    OPEN = "open"


ROUTES: Mapping[tuple[str, str], Scope | Door] = {
    ("POST", "/v1/ask"): Scope.ASK,
    ("POST", "/v1/ask/batch"): Scope.ASK,
    ("POST", "/v1/search"): Scope.ASK,
    ("POST", "/v1/score"): Scope.ASK,
    ("POST", "/score"): Scope.ASK,
    ("GET", "/v1/collections"): Scope.ASK,
    ("GET", "/v1/documents"): Scope.ASK,
    ("GET", "/v1/documents/{document_id}"): Scope.ASK,
    ("POST", "/v1/feedback"): Scope.ASK,
    ("POST", "/v1/documents"): Scope.INGEST,
    ("DELETE", "/v1/documents/{document_id}"): Scope.INGEST,
    ("GET", "/v1/jobs"): Scope.INGEST,
    ("GET", "/v1/jobs/{job_id}"): Scope.INGEST,
    ("GET", "/metrics"): Scope.METRICS,
    ("GET", "/health/live"): Door.OPEN,
    ("GET", "/health/ready"): Door.OPEN,
    ("GET", "/"): Door.OPEN,
    ("GET", "/page/{name}"): Door.OPEN,
    ("GET", "/docs"): Door.OPEN,
    ("GET", "/openapi.json"): Door.OPEN,
}
"""Method and path -> the scope that a key needs."""

MCP_ROUTES: Mapping[tuple[str, str], Scope | Door] = {("POST", "/mcp"): Scope.ASK}
"""The same, of the MCP server beside those that it shares with the service."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who sent a request.

    Attributes:
        principals: as whom they see documents, beside the public.
        scopes: what they may do.
        key_id: of their key; None where none is needed.
    """

    principals: tuple[str, ...]
    scopes: tuple[Scope, ...]
    key_id: str | None

    @property
    def space(self) -> str:
        """Name what they upload into: one for each set of principals.

        Nobody can overwrite, or learn of, a document of the same name in another space; a new
        key of the same principals goes on in the same one.
        """
        if not self.principals:
            return ""
        return hashlib.sha256("\n".join(sorted(self.principals)).encode()).hexdigest()[:16]

    def may(self, needed: Scope | Door) -> bool:
        """Say whether they may use a route."""
        return needed is Door.OPEN or needed in self.scopes or Scope.ADMIN in self.scopes

    def checked_allow(self, allow: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return who may see what they upload: themselves, if nothing is said.

        Raises:
            PrincipalsTooWide: they do not speak for one of them.
        """
        own = self.principals or (_PUBLIC,)
        if allow is None:
            return own
        beyond = [name for name in allow if name != _PUBLIC and name not in self.principals]
        if beyond and Scope.ADMIN not in self.scopes:
            raise PrincipalsTooWide(
                f"this key does not speak for {beyond[0]!r}: it may allow documents to "
                f"{', '.join(dict.fromkeys((*own, _PUBLIC)))}"
            )
        return allow or own


NOBODY = Asker((), (), None)
ANYBODY = Asker((), tuple(Scope), None)


class Access:
    """Admits requests by their keys."""

    def __init__(
        self, keys: KeyStore, rates: RateLimits, *, host: str, insecure_open: bool
    ) -> None:
        """Without any key, everybody is admitted on loopback, or where that is insisted on."""
        self._keys = keys
        self._rates = rates
        self._is_loopback = is_loopback(host)
        self._insecure_open = insecure_open

    def admit(self, request: Request, needed: Scope | Door | None) -> Asker:
        """Return who sent a request that may go on; runs in a thread, as it reads a database.

        Args:
            needed: of its route; None for one that nobody thought of.

        Raises:
            OriginRefused: another site's page sent it.
            KeyNeeded: it has no key, and needs one.
            KeyInvalid: its key opens nothing.
            ScopeMissing: its key does not open this.
            RateExceeded: its key asked too often.
        """
        _check_origin(request)
        if needed is Door.OPEN:
            return NOBODY
        asker = self._asker(request)
        if needed is None or not asker.may(needed):
            wanted = "that nobody has" if needed is None else f"{needed.value!r}"
            raise ScopeMissing(f"this needs a key with the scope {wanted}")
        if asker.key_id is not None:
            self._rates.hit(asker.key_id)
        elif not self._is_loopback:
            self._rates.hit(request.client.host if request.client else "unknown")
        return asker

    def _asker(self, request: Request) -> Asker:
        is_empty = self._keys.is_empty()
        sent = request.headers.get("authorization")
        if sent is not None:
            # Never taken for nobody: who sends a key believes to be somebody.
            scheme, _, presented = sent.partition(" ")
            is_bearer = scheme.lower() == "bearer" and not is_empty
            key = self._keys.find(presented.strip()) if is_bearer else None
            if key is None:
                raise KeyInvalid("the key is unknown, revoked or expired: ask for another")
            return Asker(key.principals, key.scopes, key.id)
        if is_empty and (self._is_loopback or self._insecure_open):
            if not self._insecure_open:
                _check_host(request)
            return ANYBODY
        raise KeyNeeded("send a key: Authorization: Bearer ID.SECRET")


class GuardedRoute(APIRoute):
    """A route that asks ``Access`` first; the service's ``Access`` is in ``app.state.access``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind the door."""
        handler = super().get_route_handler()
        method = next(iter((self.methods or set()) - {"HEAD"}), "GET")
        needed = {**ROUTES, **MCP_ROUTES}.get((method, self.path))
        parameters = {field.alias for field in self.dependant.query_params}

        async def guarded(request: Request) -> Response:
            access: Access = request.app.state.access
            asker = await anyio.to_thread.run_sync(access.admit, request, needed)
            request.state.asker = asker
            if needed is not Door.OPEN:
                _check_parameters(request, parameters)
            return await handler(request)

        return guarded


def asker_of(request: Request) -> Asker:
    """Return who was admitted with a request."""
    asker: Asker = request.state.asker
    return asker


WhoAsks = Annotated[Asker, Depends(asker_of)]


def _check_origin(request: Request) -> None:
    """Refuse what a browser sends for a page of another site; other clients send no Origin."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "none")
    if request.method in _SAFE_METHODS:
        return
    is_other = origin is not None and _split(origin).netloc != request.headers.get("host")
    if is_other or site == "cross-site":
        raise OriginRefused("a page of another site sent this request: use this service's own page")


def _split(url: str) -> SplitResult:
    """Return the parts of a URL that a header makes.

    Raises:
        OriginRefused: it is none.
    """
    try:
        return urlsplit(url)
    except ValueError as exc:  # such as of a bracket that is never closed
        raise OriginRefused("the header Origin or Host holds no address") from exc


def _check_parameters(request: Request, known: Collection[str]) -> None:
    """Refuse a parameter that the route does not have: a misspelt filter must not go unnoticed."""
    unknown = sorted(set(request.query_params) - set(known))
    if unknown:
        raise RequestValidationError(
            [
                {"type": "extra_forbidden", "loc": ("query", name), "msg": "no such parameter"}
                for name in unknown
            ]
        )


def _check_host(request: Request) -> None:
    """Refuse a name that somebody else's name server made point here: a page could read us."""
    host = _split(f"//{request.headers.get('host', '')}").hostname or ""
    if not is_loopback(host):
        raise OriginRefused(
            "without keys the service answers on localhost only: ask http://127.0.0.1, or make "
            "a key with `answerable keys create`"
        )
