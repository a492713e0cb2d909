"""From an upload to documents whose text is known: what cannot be read is refused at once.

Files are extracted here, while the sender waits, in the same confined child process that ingest
uses; only cutting, encoding and storing is left to the job.
"""

import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from answerable.index import (
    DocumentReaderUnavailable,
    ExtractionFailed,
    ExtractionLimits,
    Extractor,
    MetadataInvalid,
    ReceivedDocument,
    check_received,
    stop_signal,
)

from ..checks import checked_collection, checked_principals
from ..errors import DiskFull, FileUnreadable, UploadInvalid
from .access import Asker
from .database import FULL_DISK
from .forms import Form, FormFile, read_form
from .schemas import TextUpload
from .upload_names import checked_file_name, upload_uri

FOLDER_NAME = "uploads"
_DEFAULT_COLLECTION = "default"
_LEFTOVER_S = 3600
_FIELDS = {"collection", "allow", "metadata"}


@dataclass(frozen=True, slots=True)
class Upload:
    """What is said of all documents of one upload."""

    collection: str
    principals: tuple[str, ...]
    metadata: dict[str, Any]
    space: str


class UploadFolder:
    """Private folders for files that are being received; nothing in them outlives a request."""

    def __init__(self, index_folder: Path) -> None:
        """Keep them in the index folder, which is on the disk that documents may fill."""
        self._folder = index_folder.absolute() / FOLDER_NAME

    @contextmanager
    def lent(self) -> Iterator[Path]:
        """Lend a folder that nobody else may look into, and delete it afterwards.

        Raises:
            DiskFull: there is no room for it, or for what was to be in it.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError as exc:
            if exc.errno in FULL_DISK:
                raise DiskFull(f"{self._folder} cannot be written: {exc.strerror}") from exc
            raise

    def sweep(self) -> None:
        """Delete what processes that were killed left behind: no request lasts so long."""
        with suppress(OSError):
            for folder in self._folder.iterdir():
                if folder.stat().st_mtime < time.time() - _LEFTOVER_S:
                    shutil.rmtree(folder, ignore_errors=True)


async def receive_files(
    content_type: str, pieces: AsyncIterator[bytes], folder: Path, max_files: int
) -> Form:
    """Read an upload form into a folder.

    Raises:
        UploadInvalid: it is no form, holds no file, or a field that is not known.
        UploadTooLarge: it has too many files.
    """
    form = await read_form(content_type, pieces, folder, max_files)
    if not form.files:
        raise UploadInvalid('the form holds no file: send at least one as the field "file"')
    if unknown := sorted(form.fields.keys() - _FIELDS):
        raise UploadInvalid(f"the form has an unknown field {unknown[0][:40]!r}")
    for name in ("collection", "metadata"):
        if len(form.fields.get(name, ())) > 1:
            raise UploadInvalid(f"the form has the field {name!r} more than once")
    names = [file.name for file in form.files]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UploadInvalid(f"two files are called {twice!r}: they would be one document")
    return form


def upload_of_form(form: Form, asker: Asker) -> Upload:
    """Return what a form's fields say of its files.

    Raises:
        UploadInvalid: the metadata is no JSON object.
        CollectionInvalid: the collection is no name.
        PrincipalInvalid: one of ``allow`` is no principal.
        PrincipalsTooWide: the asker does not speak for one of them.
    """
    try:
        metadata = json.loads(form.fields.get("metadata", ["{}"])[0])
    except (ValueError, RecursionError) as exc:
        raise UploadInvalid("the field 'metadata' is not JSON") from exc
    if not isinstance(metadata, dict):
        raise UploadInvalid("the field 'metadata' is not a JSON object")
    allow = form.fields.get("allow")
    collection = form.fields.get("collection", [_DEFAULT_COLLECTION])[0]
    return _upload(collection, allow, metadata, asker)


def extracted(files: Sequence[FormFile], upload: Upload) -> list[ReceivedDocument]:
    """Return the documents of uploaded files; runs in a thread, one file after another.

    Raises:
        FileUnreadable: one of the files is not what its name says, is damaged, a bomb, or empty.
        DocumentReaderUnavailable: this machine cannot read such files, whatever they hold.
        MetadataInvalid: the metadata cannot be stored.
    """
    documents = []
    with Extractor(ExtractionLimits()) as extractor:
        for file in files:
            stop_signal().check()
            try:
                text = extractor.extract(file.path)
                # A file without a title of its own is called after its name, which is ours here.
                title = _title_of(file.name) if text.title == file.path.stem else text.title
                document = ReceivedDocument(
                    uri=upload_uri(upload.space, file.name),
                    title=title,
                    collection=upload.collection,
                    media_type=text.media_type,
                    content_sha256=file.sha256,
                    size_bytes=file.size_bytes,
                    text=text.text,
                    pages=text.pages,
                    principals=upload.principals,
                    metadata=upload.metadata,
                )
                check_received(document)
            except DocumentReaderUnavailable:
                raise
            except ExtractionFailed as exc:
                raise FileUnreadable(f"{file.name}: {exc}") from exc
            documents.append(document)
    return documents


def text_document(sent: TextUpload, asker: Asker) -> tuple[str, ReceivedDocument]:
    """Return the document that a text sent as JSON is, and its name.

    Raises:
        FileUnreadable: there is no text, or it is not valid.
        UploadInvalid: the name cannot be used.
        CollectionInvalid, PrincipalInvalid, PrincipalsTooWide, MetadataInvalid: as for a form.
    """
    name = checked_file_name(sent.name)
    upload = _upload(sent.collection, sent.allow, sent.metadata, asker)
    data = sent.text.encode("utf-8", "surrogatepass")
    document = ReceivedDocument(
        uri=upload_uri(upload.space, name),
        title=_checked_title(sent.title) if sent.title is not None else _title_of(name),
        collection=upload.collection,
        media_type="text/markdown" if name.lower().endswith((".md", ".markdown")) else "text/plain",
        content_sha256=sha256(data).hexdigest(),
        size_bytes=len(data),
        text=sent.text,
        pages=(),
        principals=upload.principals,
        metadata=upload.metadata,
    )
    try:
        check_received(document)
    except ExtractionFailed as exc:
        raise FileUnreadable(f"{name}: {exc}") from exc
    return name, document


def _upload(
    collection: str, allow: Sequence[str] | None, metadata: dict[str, Any], asker: Asker
) -> Upload:
    _check_depth(metadata)
    allowed = None if allow is None else checked_principals(allow)
    return Upload(
        checked_collection(collection), asker.checked_allow(allowed), metadata, asker.space
    )


def _check_depth(metadata: dict[str, Any]) -> None:
    """Refuse what would overflow the stack of whoever looks at it."""
    try:
        json.dumps(metadata, allow_nan=False).encode("ascii")
    except (RecursionError, ValueError) as exc:
        raise MetadataInvalid("the metadata holds numbers or depths that JSON cannot") from exc


def _checked_title(title: str) -> str:
    if not title.strip() or not title.isprintable():
        raise UploadInvalid("the title is empty, or cannot be printed")
    return title.strip()


def _title_of(name: str) -> str:
    """Return a file's name made readable."""
    stem = Path(name).stem.replace("_", " ").replace("-", " ")
    return " ".join(stem.split()) or name
