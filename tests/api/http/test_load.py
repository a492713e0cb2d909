"""Under load: a bounded queue, deadlines, work that stops, and answers remembered."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.requests import Request

from answerable.api.errors import DeadlinePassed, Overloaded
from answerable.api.filters import SearchFilters
from answerable.api.http.answers import Answers, Asked
from answerable.api.http.gate import ClientGone, Gate
from answerable.index import Passage, StopSignal, WorkStopped, stop_signal, stoppable
from answerable.reader import Prediction
from tests.api.fakes import ScriptedReader, open_engine
from tests.api.http.serving import key_for, problem_of, serving

QUESTION = {"question": "How large is the allowance?"}


@dataclass
class SlowReader(ScriptedReader):
    """A reader that works in small steps until it is let go or told to stop."""

    go: threading.Event = field(default_factory=threading.Event)
    n_started: int = 0
    n_stopped: int = 0

    def __post_init__(self) -> None:
        """Answer like the scripted one in the end."""
        super().__init__()

    def read(self, question: str, passages: Sequence[Passage], **options: Any) -> Prediction:
        """Wait, looking at the stop signal between steps."""
        self.n_started += 1
        try:
            while not self.go.wait(0.01):
                stop_signal().check()
        except WorkStopped:
            self.n_stopped += 1
            raise
        return super().read(question, passages, **options)


def _until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_full_queue_refuses_at_once(index_folder: Path) -> None:
    """One question runs, one waits, the third is refused; health does not wait."""
    reader = SlowReader()
    with (
        serving(index_folder, reader, concurrency=1, queue=1, cache_bytes=0) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        waiting = [pool.submit(client.post, "/v1/ask", json=QUESTION) for _ in range(2)]
        _until(lambda: "work_waiting 1.0" in client.get("/metrics").text)
        response = client.post("/v1/ask", json=QUESTION)
        problem_of(response, 503, "overloaded")
        assert response.headers["retry-after"] == "1"
        assert client.get("/health/live").status_code == 200
        assert client.get("/v1/documents").status_code == 200
        reader.go.set()
        assert [each.result().status_code for each in waiting] == [200, 200]
        assert client.post("/v1/ask", json=QUESTION).status_code == 200
        assert 'refused_total{reason="overloaded"} 1.0' in client.get("/metrics").text


def test_deadline_stops_the_work(index_folder: Path) -> None:
    """A question that takes too long is answered with a problem, and its work ends."""
    reader = SlowReader()
    with serving(index_folder, reader, deadline_s=0.2, concurrency=1) as client:
        problem_of(client.post("/v1/ask", json=QUESTION), 503, "deadline-passed")
        _until(lambda: reader.n_stopped == 1)
        reader.go.set()
        assert client.post("/v1/ask", json=QUESTION).status_code == 200


def test_client_that_goes_away_stops_the_work() -> None:
    """Nobody waits, so the work ends, and what waited behind it gets its place."""
    ended = threading.Event()
    gone = anyio.Event()

    def endless() -> None:
        try:
            while True:
                time.sleep(0.01)
                stop_signal().check()
        finally:
            ended.set()

    async def receive() -> Any:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def main() -> None:
        gate = Gate(1, 0)
        async with anyio.create_task_group() as group:
            group.start_soon(leave)
            with pytest.raises(ClientGone):
                await gate.run(Request({"type": "http"}, receive), endless, 30)
        await anyio.to_thread.run_sync(ended.wait, 20)
        gate.close()

    async def leave() -> None:
        await anyio.sleep(0.1)
        gone.set()

    anyio.run(main)
    assert ended.is_set()


def test_place_is_free_only_when_the_work_has_ended() -> None:
    """Work that does not look at its signal keeps its place, so that threads stay bounded."""
    go = threading.Event()

    async def receive() -> Any:
        await anyio.sleep_forever()

    async def main() -> None:
        gate = Gate(1, 0)
        request = Request({"type": "http"}, receive)
        with pytest.raises(DeadlinePassed):
            await gate.run(request, go.wait, 0.05)
        with pytest.raises(Overloaded):
            await gate.run(request, go.wait, 0.05)
        go.set()
        with anyio.fail_after(20):
            while True:
                try:
                    assert await gate.run(request, lambda: 7, 5) == 7
                    break
                except Overloaded:
                    await anyio.sleep(0.01)
        gate.close()

    anyio.run(main)


def test_signal_belongs_to_its_block() -> None:
    """A stop signal ends the work inside its block and no other."""
    late = StopSignal(0)
    with stoppable(late), pytest.raises(WorkStopped):
        stop_signal().check()
    stop_signal().check()


@contextmanager
def _counted(index_folder: Path, **settings: Any) -> Iterator[tuple[Any, SlowReader]]:
    reader = SlowReader()
    reader.go.set()
    with serving(index_folder, reader, **settings) as client:
        yield client, reader


def test_answers_are_remembered(index_folder: Path) -> None:
    """The same question is read once; another option, filter or asker reads anew."""
    with _counted(index_folder) as (client, reader):
        first, second = (client.post("/v1/ask", json=QUESTION) for _ in range(2))
        assert (first.headers["answerable-cache"], second.headers["answerable-cache"]) == (
            "miss",
            "hit",
        )
        assert first.content == second.content
        assert reader.n_started == 1
        others: list[dict[str, Any]] = [{"k": 3}, {"n_best": 2}, {"collection": "default"}]
        for more in [*others, {"filters": {}}]:
            assert client.post("/v1/ask", json={**QUESTION, **more}).headers[
                "answerable-cache"
            ] == ("miss")
        metrics = client.get("/metrics").text
        assert 'answerable_cache_total{result="hit"} 1.0' in metrics
        assert 'answerable_questions_total{outcome="answered"} 6.0' in metrics


def test_change_of_the_index_is_seen_at_once(index_folder: Path, handbook: Path) -> None:
    """No answer outlives a change of documents or permissions by another process."""
    with _counted(index_folder) as (client, _reader):
        assert client.post("/v1/ask", json=QUESTION).json()["answer"]["text"] == "400 euros"
        with open_engine(index_folder) as other:
            other.ingest([handbook], principals=["group:hr"])
        assert client.post("/v1/ask", json=QUESTION).json()["answer"] is None
        with open_engine(index_folder) as other:
            other.ingest([handbook])
        assert client.post("/v1/ask", json=QUESTION).json()["answer"]["text"] == "400 euros"


def test_answers_are_never_shared_across_permissions(index_folder: Path) -> None:
    """Keys of the same principals share an answer, other keys do not."""
    question = {"question": "What is the salary of the director?"}
    keys = [
        key_for(index_folder, "ask", principals=principals)
        for principals in (
            ("group:hr", "user:ann"),
            ("user:ann", "group:hr"),
            ("user:ann",),
            (),
            ("group:hr",),
        )
    ]
    with _counted(index_folder) as (client, _reader):
        responses = [client.post("/v1/ask", json=question, headers=key) for key in keys]
    assert [one.headers["answerable-cache"] for one in responses] == [
        "miss",
        "hit",
        "miss",
        "miss",
        "miss",
    ]
    assert [one.json()["answer"] is not None for one in responses] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_memory_of_answers_is_bounded(index_folder: Path) -> None:
    """With no room nothing is remembered."""
    with _counted(index_folder, cache_bytes=0) as (client, reader):
        for _ in range(2):
            client.post("/v1/ask", json=QUESTION)
        assert reader.n_started == 2


def test_key_of_an_answer_is_short() -> None:
    """A question about thousands of documents is remembered by no more bytes than a plain one."""
    filters = SearchFilters(documents=list(range(1, 10_001)))
    keys = [
        Asked("?", ("user:ann", "group:hr"), filters, (("k", 3),)).key,
        Asked("?", ("group:hr", "user:ann"), filters, (("k", 3),)).key,
        Asked("?", ("group:hr",), filters, (("k", 3),)).key,
        Asked("?", None, None, ()).key,
        Asked("?", (), None, ()).key,
    ]
    assert {len(key) for key in keys} == {32}
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


def test_answers_of_another_state_are_forgotten(index_folder: Path, handbook: Path) -> None:
    """After a change of the index no memory is kept for what cannot be asked for again."""
    answers = Answers(1 << 20)
    with open_engine(index_folder) as engine:
        for n_best in (1, 2, 3):
            answers.ask(engine, Asked(QUESTION["question"], None, None, (("n_best", n_best),)))
        of_three = answers.n_bytes
        engine.remove([str(handbook)])
        answers.ask(engine, Asked(QUESTION["question"], None, None, ()))
        assert 0 < answers.n_bytes < of_three


def test_batch(index_folder: Path) -> None:
    """A batch is answered in order; one bad question or one too many refuses it whole."""
    questions = [QUESTION, {"question": "Parental leave?"}, QUESTION]
    with _counted(index_folder, max_batch=3) as (client, reader):
        results = client.post("/v1/ask/batch", json={"questions": questions}).json()["results"]
        assert [one["answer"]["text"] for one in results] == ["400 euros", "16 weeks", "400 euros"]
        assert reader.n_started == 2
        bad = client.post("/v1/ask/batch", json={"questions": [QUESTION, {"question": " "}]})
        problem_of(bad, 422, "empty-question")
        for wrong in ([], [QUESTION] * 4):
            response = client.post("/v1/ask/batch", json={"questions": wrong})
            problem_of(response, 422, "batch-too-large")
        assert reader.n_started == 2
