"""What the routes share: made once for each process of the service."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from ..engine import Engine
from ..masks import open_masked_model
from ..models import Lazy
from ..settings import Settings
from .access import Access
from .answers import Answers
from .database import ServiceDatabase
from .feedback import FeedbackStore
from .gate import Gate, available_cores
from .jobs import JobStore
from .keys import KeyStore
from .masked_words import MaskedWords
from .metrics import Metrics
from .rates import RateLimits
from .tracing import Tracing, tracing_from_environment
from .uploads import UploadFolder

_EXTRACTING = 1  # files read at the same time; each is a child process of up to a gibibyte
_EXTRACTIONS_WAITING = 8
_RATES_NAME = "rates.sqlite3"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one process of the service.

    Attributes:
        gate: in front of questions and searches.
        extraction: in front of uploaded files.
    """

    settings: Settings
    engine: Lazy[Engine]
    database: ServiceDatabase
    access: Access
    gate: Gate
    extraction: Gate
    answers: Answers
    jobs: JobStore
    feedback: FeedbackStore
    masked_words: MaskedWords
    uploads: UploadFolder
    metrics: Metrics
    tracing: Tracing

    @classmethod
    def make(cls, settings: Settings, shared: Path | None, *, trains: bool = True) -> "Parts":
        """Make the parts; opens nothing.

        Args:
            settings: of the service.
            shared: folder that the processes of the service share; None for a single one.
            trains: whether it trains and mends vector files in the background.
        """

        def opened() -> Engine:
            engine = Engine.open(settings=settings)
            return engine.train_in_background() if trains else engine

        metrics = Metrics()
        database = ServiceDatabase(settings.index)
        threads = settings.concurrency or max(1, available_cores() // settings.workers)
        rates = RateLimits(settings.rate_per_minute, shared and shared / _RATES_NAME)
        return cls(
            settings=settings,
            engine=Lazy(opened),
            database=database,
            access=Access(
                KeyStore(database),
                rates,
                host=settings.host,
                insecure_open=settings.insecure_open,
            ),
            gate=Gate(threads, settings.queue, metrics.note_work),
            extraction=Gate(_EXTRACTING, _EXTRACTIONS_WAITING),
            answers=Answers(settings.cache_bytes),
            jobs=JobStore(database, settings.max_waiting_jobs),
            feedback=FeedbackStore(database),
            masked_words=MaskedWords(Lazy(lambda: open_masked_model(settings)), settings),
            uploads=UploadFolder(settings.index),
            metrics=metrics,
            tracing=tracing_from_environment(),
        )

    def close(self) -> None:
        """Let go of everything that was opened, once running work has ended."""
        self.gate.close()
        self.extraction.close()
        if engine := self.engine.made():
            engine.close()
        self.database.close()


async def parts_of(request: Request) -> Parts:
    """Return the parts of the app that a request came to."""
    parts: Parts = request.app.state.parts
    return parts


SharedParts = Annotated[Parts, Depends(parts_of)]
