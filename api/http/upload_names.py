"""The names and addresses of uploaded documents.

An uploaded document's ``uri`` is ``upload://SPACE/NAME``: the space stands for whoever uploads
(see ``Asker.space``), the name is that of the file. The same name in the same space and collection
is the same document, now and after any restart.
"""

import unicodedata
from urllib.parse import quote

from ..errors import UploadInvalid

MAX_NAME_BYTES = 255


def checked_file_name(name: str) -> str:
    """Return the last part of a file's name, as browsers and other systems may send it.

    Raises:
        UploadInvalid: nothing is left of it, it is too long, or it holds control characters.
    """
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2].strip())
    if last.strip(". ") == "" or any(unicodedata.category(c) in ("Cc", "Cs") for c in last):
        raise UploadInvalid(f"{name[:80]!r} is not a file's name: send one with an extension")
    if len(last.encode("utf-8", "replace")) > MAX_NAME_BYTES:
        raise UploadInvalid(f"{last[:40]!r}… is too long a name: at most {MAX_NAME_BYTES} bytes")
    return last


def upload_uri(space: str, name: str) -> str:
    """Return the address of a document uploaded as ``name`` into a space."""
    return f"upload://{space}/{quote(name, safe='')}"
