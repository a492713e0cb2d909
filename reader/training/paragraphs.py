"""Plain paragraphs, to learn a language from: JSON lines with ``title`` and ``text``."""

import gzip
import json
import zlib
from pathlib import Path

from ..errors import DatasetInvalid
from ..evaluation.squad import SquadQuestion


def read_paragraphs(path: Path) -> list[SquadQuestion]:
    """Read paragraphs, plain or gzip, each as an empty question on its text.

    Raises:
        DatasetInvalid: the file is missing or a line is laid out differently.
    """
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        lines = raw.decode("utf-8").splitlines()
        return [_paragraph(number, json.loads(line)) for number, line in enumerate(lines, start=1)]
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as exc:
        raise DatasetInvalid(f"cannot read {path}: {exc}") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise DatasetInvalid(f'{path}: a line is not {{"title", "text"}}: {exc!r}') from exc


def _paragraph(number: int, record: dict[str, object]) -> SquadQuestion:
    text = str(record["text"])
    return SquadQuestion(str(number), str(record["title"]), text, "", ())
