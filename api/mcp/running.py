"""Running the MCP server, over stdio or HTTP; the SDK is imported here and not before."""

from collections.abc import Callable
from importlib.util import find_spec

from ..errors import ExtraMissing, ServeRefused
from .settings import McpSettings

WEB = "answerable.api.mcp.web"


def serve_stdio(settings: McpSettings) -> None:
    """Speak MCP on standard input and output until the client closes them.

    Raises:
        ExtraMissing: the SDK is not installed.
        MaxErrorUnsupported, CalibrationNeeded, CalibrationMismatch: as for the service.
    """
    _check_installed()
    from ..error_limit import check_error_limit
    from .stdio import speak

    check_error_limit(settings)
    speak(settings)


def serve_http(settings: McpSettings, on_listening: Callable[[str], None]) -> None:
    """Serve MCP at ``/mcp`` until SIGINT or SIGTERM.

    Args:
        settings: ``host``, ``port`` and ``insecure_open`` say where.
        on_listening: called once with the URL of the endpoint, when connections are accepted.

    Raises:
        ExtraMissing: the SDK is not installed.
        ServeRefused: as for the service, or principals are given though there are keys.
    """
    _check_installed()
    from ..http.database import ServiceDatabase
    from ..http.keys import KeyStore
    from ..http.server import serve

    database = ServiceDatabase(settings.index)
    has_keys = not KeyStore(database).is_empty()
    database.close()
    if has_keys and settings.principals is not None:
        raise ServeRefused("there are keys, and they say as whom is asked: leave out --as")
    serve(settings, lambda url: on_listening(f"{url}/mcp"), web=WEB, takes_in=False)


def _check_installed() -> None:
    if find_spec("mcp") is None:
        raise ExtraMissing("MCP needs the mcp extra: pip install '.[mcp]' in the clone")
