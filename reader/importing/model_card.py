"""What the model card beside a Hugging Face model says: licence, and what it was trained on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from answerable.index import ModelFolderInvalid

from .source_files import read_text, source_file

_NAME = "README.md"
_MAX_BYTES = 1 << 20
_HEAD = re.compile(r"\A---\r?\n(.{0,20000}?)\r?\n---", re.DOTALL)
_LICENCES = {
    name.lower(): name
    for name in (
        "AFL-3.0 AGPL-3.0 Apache-2.0 BSD-2-Clause BSD-3-Clause CC-BY-2.0 CC-BY-3.0 CC-BY-4.0 "
        "CC-BY-NC-4.0 CC-BY-NC-SA-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 GPL-3.0 LGPL-3.0 MIT "
        "MPL-2.0 Unlicense"
    ).split()
}
_MOST_DATA_SETS = 100
_WITH_NULL, _WITHOUT_NULL = {"squad_v2", "squadv2", "squad2"}, {"squad", "squad_v1"}


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a card says.

    Attributes:
        licence: SPDX identifier; None where it names none that is known.
        null_answer: whether "no answer" was trained, by the data sets; None if they do not tell.
    """

    licence: str | None = None
    null_answer: Literal["trained", "none"] | None = None


def read_model_card(folder: Path) -> ModelCard:
    """Read the head of a folder's ``README.md``; an empty card where there is none.

    A card that cannot be read says nothing: it is for people, and no part of the model.
    """
    try:
        path = source_file(folder, _NAME)
        head = _HEAD.match(read_text(path, _MAX_BYTES)) if path else None
        fields = yaml.safe_load(head[1]) if head else {}
    except (ModelFolderInvalid, yaml.YAMLError, RecursionError, ValueError):
        return ModelCard()
    if not isinstance(fields, dict):
        return ModelCard()
    return ModelCard(_LICENCES.get(str(fields.get("license")).lower()), _null_answer(fields))


def _null_answer(fields: Mapping[str, Any]) -> Literal["trained", "none"] | None:
    given = fields.get("datasets")
    if not isinstance(given, list) or len(given) > _MOST_DATA_SETS:
        return None
    names = {str(name).rpartition("/")[2].lower() for name in given}
    if names & _WITH_NULL:
        return "trained"
    return "none" if names and names <= _WITHOUT_NULL else None
