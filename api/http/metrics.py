"""What the service tells Prometheus; no label holds a question, a document or a key.

With several processes the library keeps its counts in files of a folder, named in
``PROMETHEUS_MULTIPROC_DIR`` before it is imported, and whichever process is asked adds them up.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from answerable.index import AnswerableError
from answerable.reader.masked import MaskedModel

from ..engine import Engine
from ..models import model_name

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counts what happens in this process, and shows what all processes counted."""

    def __init__(self) -> None:
        """Count nothing yet."""
        own = CollectorRegistry()
        self._own = own
        self._requests = Histogram(
            "answerable_request_seconds",
            "Seconds from a request to the end of its response",
            ["method", "route", "status"],
            registry=own,
            buckets=_SECONDS,
        )
        self._stages = Histogram(
            "answerable_stage_seconds",
            "Seconds of each stage of an answer that was not remembered",
            ["stage"],
            registry=own,
            buckets=_SECONDS,
        )
        self._asked = Counter(
            "answerable_questions_total",
            "Questions by outcome: answered, or the reason why not",
            ["outcome"],
            registry=own,
        )
        self._masks = Counter("answerable_masks_total", "Masks filled", registry=own)
        self._cache = Counter(
            "answerable_cache_total", "Questions looked up in memory", ["result"], registry=own
        )
        self._refused = Counter(
            "answerable_refused_total", "Requests refused or given up", ["reason"], registry=own
        )
        self._running, self._waiting = (
            Gauge(f"answerable_work_{name}", text, registry=own, multiprocess_mode="livesum")
            for name, text in (
                ("running", "Questions being answered"),
                ("waiting", "Questions in the queue"),
            )
        )

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def note_answer(self, outcome: str, stages_ms: Iterable[tuple[str, float]]) -> None:
        """Count an answer; ``stages_ms`` is empty for one from memory."""
        self._asked.labels(outcome).inc()
        for stage, milliseconds in stages_ms:
            self._stages.labels(stage).observe(milliseconds / 1000)

    def note_masks(self, count: int, milliseconds: float) -> None:
        """Count masks that were filled, and not found in memory."""
        self._masks.inc(count)
        self._stages.labels("fill_mask").observe(milliseconds / 1000)

    def note_lookup(self, *, is_hit: bool) -> None:
        """Count a look into the memory of answers."""
        self._cache.labels("hit" if is_hit else "miss").inc()

    def note_refusal(self, reason: str) -> None:
        """Count a request that was refused; the reason is the kind of its problem."""
        self._refused.labels(reason).inc()

    def note_work(self, running: int, waiting: int) -> None:
        """Note how much work runs and how much waits in this process."""
        self._running.set(running)
        self._waiting.set(waiting)

    def text(self, extra: Collector) -> bytes:
        """Return everything in Prometheus's text form, with what ``extra`` collects now."""
        shown = self._own
        if os.environ.get(FOLDER_VARIABLE):
            shown = CollectorRegistry()
            MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
        collected = CollectorRegistry()
        collected.register(extra)
        return generate_latest(shown) + generate_latest(collected)


class IndexFigures(Collector):
    """What the index holds, counted when it is asked."""

    def __init__(
        self, engine: Engine, jobs: Mapping[str, int], masked: MaskedModel | None = None
    ) -> None:
        """Show an engine's index, all models, and how many jobs there are."""
        self._engine = engine
        self._masked = masked
        self._jobs = jobs

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges."""
        status = self._engine.status()
        for name, text, value in (
            ("documents", "Documents in the index", status.documents),
            ("passages", "Passages in the index", status.passages),
            ("characters", "Code points of all stored texts", status.characters),
            ("size_bytes", "Bytes of the index folder", status.size_bytes),
        ):
            yield GaugeMetricFamily(f"answerable_index_{name}", text, value)
        jobs = GaugeMetricFamily("answerable_jobs", "Jobs by state", labels=["state"])
        for state, n in self._jobs.items():
            jobs.add_metric([state], n)
        yield jobs
        models = GaugeMetricFamily(
            "answerable_model_info", "The models, with their hashes", labels=["kind", "model"]
        )
        models.add_metric(["encoder", status.encoder], 1)
        with suppress(AnswerableError):  # a reader that cannot be loaded is a problem of /v1/ask
            names = self._engine.reader.model_names()
            models.add_metric(["reader", names.reader], 1)
            models.add_metric(["calibration", _unnamed(names.calibration)], 1)
        if self._masked is not None:
            masked = model_name(self._masked.name, self._masked.sha256)
            models.add_metric(["masked-lm", masked], 1)
        yield models


def _unnamed(calibration: str | None) -> str:
    """Return what tells calibrations apart, without the name of the file that they are fitted on."""
    if calibration is None:
        return "none"
    return f"fitted@{sha256(calibration.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"
