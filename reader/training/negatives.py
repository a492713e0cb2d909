"""Hard negatives: for each question, passages that share its words but not its answer.

The file is JSON lines, ``{"id": question id, "passages": [key, ...]}``, best match first; a
key is ``context_key`` of a training context. ``benchmarks/mine_negatives.py`` makes it.
"""

import json
from pathlib import Path

from ..errors import DatasetInvalid


def read_negatives(path: Path) -> dict[str, tuple[str, ...]]:
    """Read keys of passages by question id.

    Raises:
        DatasetInvalid: the file is missing or a line is not laid out so.
    """
    found: dict[str, tuple[str, ...]] = {}
    number = 0
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                number += 1
                record = json.loads(line)
                found[str(record["id"])] = tuple(str(key) for key in record["passages"])
    except (OSError, UnicodeDecodeError) as exc:
        raise DatasetInvalid(f"cannot read the negatives {path}: {exc}") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise DatasetInvalid(
            f'{path}, line {number}: not {{"id": ..., "passages": [...]}}: {exc!r}'
        ) from exc
    return found
