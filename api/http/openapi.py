"""What the OpenAPI document says beyond what FastAPI finds: problems, keys, forms, examples."""

from typing import Any

from fastapi import FastAPI

from .access import ROUTES, Door
from .examples import EXAMPLES
from .problems import MEDIA_TYPE
from .schemas import Problem, TextUpload

_PROBLEMS = {
    400: "The body is not JSON",
    401: "There is no key, or it opens nothing",
    403: "The key does not open this",
    404: "There is none, or the key may not see it",
    408: "The body came too slowly",
    413: "The body is too large",
    415: "The body is of another kind",
    422: "A field is missing, unknown, or cannot have its value",
    429: "The key asked too often; Retry-After says how long to wait",
    503: "Busy, or there is no disk space, index or model; Retry-After says how long to wait",
}

UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/TextUpload"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "description": "one file or several, each with a name",
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                        },
                        "collection": {"type": "string", "description": "they belong to"},
                        "allow": {
                            "type": "array",
                            "items": {"type": "string"},
                            "description": "who may see them; whoever sends them, if not given",
                        },
                        "metadata": {"type": "string", "description": "a JSON object"},
                    },
                }
            },
        },
    }
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the error responses of a route."""
    return {
        status: {"model": Problem, "content": {MEDIA_TYPE: {}}, "description": _PROBLEMS[status]}
        for status in statuses
    }


def describe(app: FastAPI) -> None:
    """Complete the app's OpenAPI document, which it keeps from then on."""
    document = app.openapi()
    components = document["components"]
    components["securitySchemes"] = {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key made with `answerable keys create`; none is needed on this "
            "machine as long as there are no keys.",
        }
    }
    text = TextUpload.model_json_schema(ref_template="#/components/schemas/{model}")
    components["schemas"]["TextUpload"] = text
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _describe_operation(path, method, operation)


def _describe_operation(path: str, method: str, operation: dict[str, Any]) -> None:
    needed = ROUTES.get((method.upper(), path))
    if needed is not None and needed is not Door.OPEN:
        operation["security"] = [{"key": []}]
        operation["description"] = f"Needs the scope `{needed.value}`."
    for response in operation["responses"].values():
        # A problem is never sent as plain JSON.
        if MEDIA_TYPE in response.get("content", {}):
            schema = response["content"].pop("application/json", {}).get("schema")
            response["content"][MEDIA_TYPE] = {"schema": schema}
    if (method, path) in EXAMPLES:
        status, example = EXAMPLES[method, path]
        operation["responses"][status]["content"]["application/json"]["example"] = example
