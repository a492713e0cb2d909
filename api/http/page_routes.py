"""``/``: the page for people. Its files are in ``api/web`` and are sent as they are.

The page itself needs no key, for it holds nothing of anybody's; what it asks the other routes for
does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

_FOLDER = Path(__file__).parent.parent / "web"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_INDEX = "index.html"

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the page may load and run: its own files. Text cannot become markup, not even by mistake:
under ``trusted-types 'none'`` a browser refuses every assignment that would parse it."""

_HEADERS = {
    # Asked for anew each time, and answered with 304 until a new version is installed.
    "cache-control": "no-cache",
    "content-security-policy": PAGE_POLICY,
    "cross-origin-opener-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of the page as it is sent; its tag changes with its content."""

    body: bytes
    media_type: str
    tag: str


def page_files() -> Mapping[str, PageFile]:
    """Read the page's files, by name."""
    return {
        path.name: _page_file(path)
        for path in sorted(_FOLDER.iterdir())
        if path.suffix in _MEDIA_TYPES
    }


def add_page_routes(app: FastAPI) -> None:
    """Add the page and its files."""
    files = page_files()

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return _sent(request, files[_INDEX])

    @app.get("/page/{name}", include_in_schema=False)
    async def page_file(request: Request, name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "the page has no such file")
        return _sent(request, files[name])


def _page_file(path: Path) -> PageFile:
    body = path.read_bytes()
    return PageFile(body, _MEDIA_TYPES[path.suffix], f'"{sha256(body).hexdigest()[:16]}"')


def _sent(request: Request, file: PageFile) -> Response:
    headers = {**_HEADERS, "etag": file.tag}
    known = request.headers.get("if-none-match", "")
    if file.tag in [tag.strip().removeprefix("W/") for tag in known.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
