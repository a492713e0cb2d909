"""A process that answers MCP over HTTP; the service's supervisor keeps it.

python -m answerable.api.mcp.web
"""

import os
import threading
from pathlib import Path

from ..http.child import run_child
from ..http.supervisor import SHARED_FOLDER
from ..http.web import answer
from .app import create_mcp_app
from .settings import McpSettings


def main(settings: McpSettings, ended: threading.Event) -> None:
    """Answer until ``ended`` is set."""
    answer(create_mcp_app(settings, shared=Path(os.environ[SHARED_FOLDER])), ended)


if __name__ == "__main__":
    run_child(main, McpSettings)
