"""``/docs``: the HTTP reference as one page that needs nothing from the network.

It is rendered from the OpenAPI document, so it cannot disagree with the routes;
a request can be sent from the page itself.
"""

import json
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: HTTP reference</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ margin-top: 2.5rem; border-top: 1px solid #8886; padding-top: 1.5rem; }}
code, pre, textarea {{ font: 14px/1.45 ui-monospace, monospace; }}
pre, textarea {{ border: 1px solid #8886; border-radius: 4px; padding: .6rem; overflow: auto; }}
textarea {{ box-sizing: border-box; width: 100%; }}
table {{ border-collapse: collapse; }}
td, th {{ text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; }}
</style>
</head>
<body>
<h1>{title} {version}</h1>
<p>{description} The same as data: <a href="openapi.json">openapi.json</a>.
Errors are problem documents (RFC 9457).</p>
{operations}
<script>
for (const form of document.forms) form.addEventListener("submit", async (event) => {{
  event.preventDefault();
  const shown = form.nextElementSibling;
  shown.hidden = false;
  shown.textContent = "...";
  const {{ method, path }} = form.dataset;
  const options = {{ method }};
  if (form.body) {{
    options.headers = {{ "content-type": "application/json" }};
    options.body = form.body.value;
  }}
  try {{
    const response = await fetch(path, options);
    const body = await response.json();
    shown.textContent = response.status + " " + JSON.stringify(body, null, 2);
  }} catch (error) {{
    shown.textContent = String(error);
  }}
}});
</script>
</body>
</html>
"""

_OPERATION = """<h2><code>{method} {path}</code></h2>
<p>{summary}.</p>
{fields}
<form data-method="{method}" data-path="{path}">{body}<button>Send</button></form>
<pre hidden></pre>
{example}
<p>{statuses}</p>
"""


def reference_page(openapi: dict[str, Any]) -> str:
    """Return the page of an OpenAPI document, as HTML."""
    schemas = openapi["components"]["schemas"]
    return _PAGE.format(
        title=escape(openapi["info"]["title"]),
        version=escape(openapi["info"]["version"]),
        description=escape(openapi["info"]["description"]),
        operations="\n".join(
            _operation(method.upper(), path, operation, schemas)
            for path, methods in openapi["paths"].items()
            for method, operation in methods.items()
        ),
    )


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    fields = _request_fields(operation, schemas)
    responses = operation["responses"]
    example = responses["200"]["content"]["application/json"].get("example")
    body = _example_body(fields)
    return _OPERATION.format(
        method=method,
        path=escape(path),
        summary=escape(operation["summary"]),
        fields=_table(_with_inner(fields, schemas)),
        body=f'<textarea name="body" rows="3">{escape(body)}</textarea>' if body else "",
        example=f"<pre>{escape(json.dumps(example, indent=2))}</pre>" if example else "",
        statuses="; ".join(
            f"{status}: {escape(response['description'])}" for status, response in responses.items()
        ),
    )


def _request_fields(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of the operation's JSON body; empty if it takes none."""
    if "requestBody" not in operation:
        return {}
    reference: str = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    properties: dict[str, Any] = schemas[reference.rpartition("/")[2]]["properties"]
    return properties


def _example_body(fields: dict[str, Any]) -> str:
    example = {name: field["examples"][0] for name, field in fields.items() if "examples" in field}
    return json.dumps(example) if example else ""


def _with_inner(fields: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return fields with those of the objects that they hold, as ``filters.since``."""
    found: dict[str, Any] = {}
    for name, field in fields.items():
        found[name] = field
        for choice in field.get("anyOf", ()):
            if "$ref" in choice:
                inner = schemas[choice["$ref"].rpartition("/")[2]]["properties"]
                found |= {f"{name}.{key}": value for key, value in inner.items()}
    return found


def _table(fields: dict[str, Any]) -> str:
    if not fields:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_type(field))}</td>"
        f"<td>{escape(field.get('description', ''))}</td></tr>"
        for name, field in fields.items()
    )
    return f"<table>{rows}</table>"


def _type(field: dict[str, Any]) -> str:
    """Name a JSON schema in words: ``integer, 1 to 100, or null``."""
    if "$ref" in field:
        return "object"
    if "anyOf" in field:
        return ", or ".join(_type(choice) for choice in field["anyOf"])
    if "enum" in field:
        return " | ".join(field["enum"])
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    if field["type"] == "object":
        return f"object of {_type(field['additionalProperties'])}"
    limits = [f"{field[key]:g}" for key in ("minimum", "maximum") if key in field]
    return ", ".join([field["type"], " to ".join(limits)] if limits else [field["type"]])
