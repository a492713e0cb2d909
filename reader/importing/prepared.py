"""What is left of any source once it is unpacked: one of few forms, and what was said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Form = Literal["hugging-face", "onnx", "openvino"]
NullAnswer = Literal["trained", "none"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source in a form that is converted.

    Attributes:
        form: a Hugging Face folder, a folder with an ONNX file, or one with OpenVINO's two.
        folder: where it is: the source itself, or what was unpacked of it.
        files: the source's own files, for the manifest, by name.
        null_answer: whether the source says that "no answer" was trained; None if it does not.
        max_seq_tokens: the window that the model was trained with; None if it does not say.
        lower_case: whether the source says that capitals are lost; None if it does not.
        licence: SPDX expression, if the source names one.
        onnx: the ONNX file, of the form ``onnx``.
    """

    form: Form
    folder: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    null_answer: NullAnswer | None = None
    max_seq_tokens: int | None = None
    lower_case: bool | None = None
    licence: str | None = None
    onnx: Path | None = None
