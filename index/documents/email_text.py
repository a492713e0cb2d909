"""An email as a person reads it: subject, people, date, body, and the names of attachments.

The standard library's parser knows transfer encodings and character sets; an HTML body
goes through our HTML reader. Runs in the child process.
"""

from email import message_from_bytes, policy
from email.message import EmailMessage

from .html_text import html_to_text

_HEADERS = ("Subject", "From", "To", "Cc", "Date")


def email_to_text(data: bytes) -> tuple[str, str]:
    """Return an email's text and its subject, which may be empty."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    headers = [(name, _header(message, name)) for name in _HEADERS]
    lines = [f"{name}: {value}" for name, value in headers if value]
    names = [name for part in message.walk() if (name := part.get_filename())]
    if names:
        lines.append("Attachments: " + ", ".join(names))
    text = "\n".join(lines) + "\n\n" + "\n\n".join(_bodies(message))
    return text.strip("\n"), dict(headers)["Subject"]


def _header(message: EmailMessage, name: str) -> str:
    """Return a header decoded and on one line; empty when missing or broken."""
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, AttributeError):
        # The header parser of the standard library trips over some malformed addresses.
        return ""


def _bodies(message: EmailMessage) -> list[str]:
    """Return the readable parts: of alternatives the plain one, and forwarded messages."""
    if message.is_multipart():
        parts = [part for part in message.iter_parts() if isinstance(part, EmailMessage)]
        if message.get_content_type() == "multipart/alternative":
            plain = [part for part in parts if part.get_content_type() == "text/plain"]
            parts = plain if any(body for part in plain for body in _bodies(part)) else parts
        return [body for part in parts for body in _bodies(part)]
    if message.get_content_maintype() != "text" or message.is_attachment():
        return []
    try:
        content = str(message.get_content())
    except (LookupError, ValueError):
        payload = message.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if message.get_content_subtype() == "html":
        content = html_to_text(content).text
    return [content.strip("\r\n")] if content.strip() else []
