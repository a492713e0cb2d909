"""A received document as the JSON text that waits with its job."""

import json
from dataclasses import asdict, fields

from answerable.index import Page, ReceivedDocument


def content_of(document: ReceivedDocument) -> str:
    """Return a document as text."""
    return json.dumps(asdict(document), ensure_ascii=False)


def document_of(content: str) -> ReceivedDocument:
    """Return the document that ``content_of`` made a text of."""
    values = json.loads(content)
    values["pages"] = tuple(Page(**page) for page in values["pages"])
    values["principals"] = tuple(values["principals"])
    return ReceivedDocument(
        **{field.name: values[field.name] for field in fields(ReceivedDocument)}
    )
