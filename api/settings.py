"""Every setting of Answerable, read once from the environment and passed down.

A variable is the field's name in capitals with the prefix ``ANSWERABLE_``;
options of the command line and arguments of Python calls win over it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Self, TypeVar

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import SettingsInvalid


class Settings(BaseSettings):
    """The settings of one process; frozen, so that every layer sees the same."""

    model_config = SettingsConfigDict(
        env_prefix="ANSWERABLE_", env_ignore_empty=True, frozen=True, extra="forbid"
    )

    index: Path = Field(
        default=Path(".answerable"),
        description="folder of the index; beside the work, as .git is, so that projects stay apart",
    )
    encoder: Path | None = Field(
        default=None, description="folder of the sentence encoder; unset for the shipped one"
    )
    reader: Path | None = Field(
        default=None, description="folder of the reader; unset for the shipped one"
    )
    masked_model: Path | None = Field(
        default=None,
        description="folder of a masked-language model, for fill-mask and /v1/score; none is "
        "shipped",
    )
    threads: int | None = Field(
        default=None, ge=1, le=256, description="CPU threads of each model; unset for every core"
    )
    k: int = Field(
        default=10,
        ge=1,
        le=100,
        description="passages read per question; each costs reading time, and the tenth rarely "
        "holds the answer when the nine before it do not",
    )
    n_best: int = Field(
        default=5, ge=1, le=20, description="candidates returned, the answer among them"
    )
    min_probability: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="abstain below this probability; unset for the reader's own threshold",
    )
    max_error: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="answer only so that at most this share of answers is wrong, on questions "
        "like the calibration's; instead of min_probability",
    )
    max_question_chars: int = Field(
        default=2000,
        ge=1,
        description="longest question, in code points; the reader cuts at 64 tokens, so what is "
        "longer is a document pasted by mistake",
    )
    host: str = Field(
        default="127.0.0.1", description="address to serve on; only this machine can reach it"
    )
    port: int = Field(default=8080, ge=0, le=65535, description="TCP port; 0 for any free one")
    insecure_open: bool = Field(
        default=False,
        description="serve everybody who can reach the address while there are no keys; off, "
        "because whoever asks may then read all public documents, add and delete",
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="processes that answer; each holds both models"
    )
    concurrency: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="questions worked on at the same time by a process; unset for its share of "
        "the cores, as reading is all computing",
    )
    queue: int = Field(
        default=16,
        ge=0,
        le=1000,
        description="questions that wait in a process; one more is refused at once with 503, "
        "because an answer that comes too late helps nobody",
    )
    deadline_s: float = Field(
        default=30,
        gt=0,
        le=600,
        description="seconds from a request to its answer, waiting included; then work stops",
    )
    body_deadline_s: float = Field(
        default=10,
        gt=0,
        le=600,
        description="seconds for a request's body, and one more for each 16 KiB that arrive",
    )
    max_body_bytes: int = Field(
        default=1 << 20,
        ge=1024,
        description="largest JSON body; 1 MiB is many times the longest question",
    )
    max_upload_bytes: int = Field(
        default=50 << 20, ge=1024, description="largest upload, all its files together"
    )
    max_upload_files: int = Field(default=20, ge=1, le=1000, description="most files of one upload")
    max_batch: int = Field(default=32, ge=1, le=1000, description="questions of one batch")
    max_waiting_jobs: int = Field(
        default=1000, ge=1, description="uploads that wait to be taken in; one more is refused"
    )
    rate_per_minute: int = Field(
        default=600, ge=0, description="requests of one key in a minute; 0 for no limit"
    )
    cache_bytes: int = Field(
        default=32 << 20, ge=0, description="answers remembered by a process; 0 for none"
    )
    access_log: bool = Field(default=True, description="a JSON line for each request")
    log_questions: bool = Field(
        default=False, description="questions in the access log; off, as they tell of people"
    )

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if self.min_probability is not None and self.max_error is not None:
            raise ValueError("set either max_error or min_probability: each sets the threshold")
        return self


S = TypeVar("S", bound=Settings)
_LIMITS = frozenset(("min_probability", "max_error"))


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; ``overrides`` that are not None win.

    Raises:
        SettingsInvalid: a variable or an override holds an impossible value.
    """
    return load_settings_of(Settings, overrides)


def load_settings_of(kind: type[S], overrides: Mapping[str, object]) -> S:
    """Read settings of a kind from the environment: see ``load_settings``."""
    given = {name: value for name, value in overrides.items() if value is not None}
    if len(given.keys() & _LIMITS) == 1:  # an option wins over the other limit's variable too
        given |= dict.fromkeys(_LIMITS - given.keys())
    try:
        return kind.model_validate(given)
    except ValidationError as exc:
        first = exc.errors()[0]
        name = "_".join(str(part) for part in first["loc"]) or "max_error"
        raise SettingsInvalid(
            f"setting {name!r} (ANSWERABLE_{name.upper()}): {first['msg']}"
        ) from exc
