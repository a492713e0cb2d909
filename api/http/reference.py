"""``/docs``: the HTTP reference as one page that needs nothing from the network.

It is rendered from the OpenAPI document, so it cannot disagree with the routes;
a request can be sent from the page itself.
"""

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Any

_SCRIPT = """
for (const form of document.forms) form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const shown = form.nextElementSibling;
  shown.hidden = false;
  shown.textContent = "...";
  const method = form.dataset.method;
  const options = { method, headers: {} };
  const key = document.getElementById("key").value.trim();
  if (key) options.headers.authorization = "Bearer " + key;
  const query = new URLSearchParams();
  let path = form.dataset.path;
  for (const field of form.querySelectorAll("[data-in]")) {
    if (field.dataset.in === "path") {
      path = path.replace("{" + field.name + "}", encodeURIComponent(field.value));
    } else if (field.value) query.set(field.name, field.value);
  }
  const files = form.querySelector("input[type=file]");
  if (files && files.files.length) {
    options.body = new FormData();
    for (const file of files.files) options.body.append("file", file);
  } else if (form.querySelector("textarea")) {
    options.headers["content-type"] = "application/json";
    options.body = form.querySelector("textarea").value;
  }
  try {
    const response = await fetch(path + (query.size ? "?" + query : ""), options);
    const text = await response.text();
    let body = text;
    try { body = JSON.stringify(JSON.parse(text), null, 2); } catch { }
    shown.textContent = response.status + " " + body;
  } catch (error) {
    shown.textContent = String(error);
  }
});
"""
_HASH = b64encode(sha256(_SCRIPT.encode()).digest()).decode()
PAGE_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_HASH}'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the page may load and run: its own script, and nothing that somebody put into it."""

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
code, pre, textarea, input {{ font: 14px/1.45 ui-monospace, monospace; }}
pre, textarea {{ border: 1px solid #8886; border-radius: 4px; padding: .6rem; overflow: auto; }}
pre {{ max-height: 30rem; }}
textarea {{ box-sizing: border-box; width: 100%; }}
table {{ border-collapse: collapse; }}
td, th {{ text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; }}
</style>
</head>
<body>
<h1>{title} {version}</h1>
<p>{description} The same as data: <a href="openapi.json">openapi.json</a>.
Errors are problem documents (RFC 9457). Keys are sent as <code>Authorization: Bearer KEY</code>;
every response has an <code>X-Request-ID</code>, yours if you send one.</p>
<p><label>Key for the requests sent from this page: <input id="key" type="password"
autocomplete="off" size="40"></label></p>
{operations}
<script>{script}</script>
</body>
</html>
"""

_OPERATION = """<h2><code>{method} {path}</code></h2>
<p>{summary}. {scope}</p>
{fields}
<form data-method="{method}" data-path="{path}">{inputs}{body}<button>Send</button></form>
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
        script=_SCRIPT,
        operations="\n".join(
            _operation(method.upper(), path, operation, schemas)
            for path, methods in openapi["paths"].items()
            for method, operation in methods.items()
        ),
    )


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    parameters = operation.get("parameters", ())
    content = operation.get("requestBody", {}).get("content", {})
    form = content.get("multipart/form-data", {}).get("schema", {}).get("properties", {})
    fields = _request_fields(content, schemas)
    body = _example_body(fields)
    told = {p["name"]: {**p["schema"], "description": p.get("description", "")} for p in parameters}
    textarea = f'<textarea name="body" rows="3">{escape(body)}</textarea>' if body else ""
    return _OPERATION.format(
        method=method,
        path=escape(path),
        summary=escape(operation["summary"]),
        scope=escape(operation.get("description", "")) if "security" in operation else "",
        fields=_table(told | _with_inner(fields, schemas)) + _form_table(form),
        inputs="".join(map(_input, parameters)),
        body=textarea + ('<input type="file" multiple> ' if form else ""),
        example=_example(operation["responses"]),
        statuses="; ".join(
            f"{status}: {escape(response['description'])}"
            for status, response in operation["responses"].items()
        ),
    )


def _input(parameter: dict[str, Any]) -> str:
    name, place = escape(parameter["name"]), escape(parameter["in"])
    return f'<label>{name} <input name="{name}" data-in="{place}"></label> '


def _form_table(form: dict[str, Any]) -> str:
    return f"<p>Or as a form, <code>multipart/form-data</code>:</p>{_table(form)}" if form else ""


def _example(responses: dict[str, Any]) -> str:
    """Return the example of the first answer that has one."""
    for response in responses.values():
        example = response.get("content", {}).get("application/json", {}).get("example")
        if example:
            return f"<pre>{escape(json.dumps(example, indent=2))}</pre>"
    return ""


def _request_fields(content: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of an operation's JSON body; empty if it takes none."""
    if "application/json" not in content:
        return {}
    reference: str = content["application/json"]["schema"]["$ref"]
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
        values = field.get("additionalProperties")
        return f"object of {_type(values)}" if isinstance(values, dict) else "object"
    limits = [f"{field[key]:g}" for key in ("minimum", "maximum") if key in field]
    return ", ".join([field["type"], " to ".join(limits)] if limits else [field["type"]])
