"""The settings of the MCP server: those of the service, and to whom and what it is bound."""

from pydantic import Field

from ..settings import Settings, load_settings_of


class McpSettings(Settings):
    """The settings of one MCP server; frozen."""

    port: int = Field(
        default=8081,
        ge=0,
        le=65535,
        description="TCP port of MCP over HTTP; not the service's, so that both can run",
    )
    collection: str | None = Field(
        default=None, description="the only collection that the server shows; unset for all"
    )
    principals: tuple[str, ...] | None = Field(
        default=None,
        description="as whom it asks where no key says it; unset for everything over stdio, "
        "and for what is public over HTTP",
    )


def load_mcp_settings(**overrides: object) -> McpSettings:
    """Read the settings from the environment; ``overrides`` that are not None win.

    Raises:
        SettingsInvalid: a variable or an override holds an impossible value.
    """
    return load_settings_of(McpSettings, overrides)
