"""``POST /v1/score``: Azure ML's and Hugging Face's requests, over a model without a net."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from fastapi.testclient import TestClient

from answerable.api import Settings
from answerable.api.http.examples import SCORE_REQUESTS
from answerable.api.http.masked_words import MaskedWords
from answerable.api.masks import FillOptions
from answerable.api.models import Lazy
from answerable.reader.masked import MaskedModel, MaskTokens
from tests.api.fakes import fill, write_handbook
from tests.api.http.serving import key_for, problem_of, serving
from tests.reader.masks import ScriptedMasks, cased_tokenizer, scripted_masks

FRANCE = "Paris is the [MASK] of France."
DAY = "Today is a [MASK] day!"
BOTH = "[MASK] is the [MASK] of France."


@pytest.fixture(scope="module")
def shared_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a filled index that these tests only read."""
    folder = tmp_path_factory.mktemp("score")
    fill(folder / "index", write_handbook(folder))
    return folder / "index"


@pytest.fixture(scope="module")
def client(shared_index: Path) -> Iterator[TestClient]:
    """A service whose masked-language model knows a few words; small limits."""
    with serving(
        shared_index, masked=scripted_masks(), max_batch=4, max_question_chars=100
    ) as opened:
        yield opened


@pytest.mark.parametrize("path", ["/v1/score", "/score"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"input_data": [FRANCE, DAY]}, ["capital", "capital"]),
        ({"inputs": {"input_string": [FRANCE, DAY]}}, ["capital", "capital"]),
        ({"inputs": [BOTH]}, ["capital,capital"]),
        ({"inputs": FRANCE, "parameters": {"top_k": 2, "targets": ["city", "café"]}}, ["city"]),
        ({"inputs": FRANCE, "parameters": {"targets": "café"}}, ["café"]),
    ],
)
def test_each_shape_is_answered_with_words(
    client: TestClient, path: str, body: Any, words: list[str]
) -> None:
    """The four shapes give a string for each text; those of several masks are joined."""
    response = client.post(path, json=body)
    assert (response.status_code, response.json()) == (200, words)


def test_detail_gives_what_transformers_does(client: TestClient) -> None:
    """``detail=1``: a lone text's list, a list for each of several texts, and for each mask."""
    one = {"inputs": FRANCE, "parameters": {"top_k": 2}}
    flat = client.post("/v1/score?detail=1", json=one).json()
    assert [word["token_str"] for word in flat] == ["capital", "city"]
    assert flat[0].keys() == {"score", "token", "token_str", "sequence"}
    assert flat[0]["sequence"] == "Paris is the capital of France."
    assert flat[0]["score"] > flat[1]["score"] > 0
    older = client.post("/v1/score?detail=1", json={"inputs": {"input_string": [FRANCE, DAY]}})
    assert [len(words) for words in older.json()] == [5, 5]
    (masks,) = client.post("/v1/score?detail=true", json={"input_data": [BOTH]}).json()
    assert [len(words) for words in masks] == [5, 5]
    assert client.post("/v1/score?detail=0", json=one).json() == ["capital"]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 422, "request-invalid"),
        ({"input_data": [FRANCE], "inputs": FRANCE}, 422, "request-invalid"),
        ({"input_data": []}, 422, "request-invalid"),
        ({"input_data": FRANCE}, 422, "request-invalid"),
        ({"inputs": {"input_string": FRANCE}}, 422, "request-invalid"),
        ({"inputs": [FRANCE], "params": {}}, 422, "request-invalid"),
        ({"inputs": [FRANCE], "parameters": {"top_k": 101}}, 422, "request-invalid"),
        ({"inputs": [FRANCE], "parameters": {"targets": []}}, 422, "request-invalid"),
        ({"inputs": [FRANCE], "parameters": {"targets": [" "]}}, 422, "target-invalid"),
        ({"inputs": [FRANCE, "no mask"]}, 422, "masked-text-invalid"),
        ({"inputs": "x" * 200 + "[MASK]"}, 422, "masked-text-invalid"),
        ({"inputs": ["a " * 20 + "[MASK]"]}, 422, "masked-text-invalid"),
        ({"input_data": [FRANCE] * 5}, 422, "batch-too-large"),
    ],
)
def test_impossible_requests_are_problems(
    client: TestClient, body: Any, status: int, kind: str
) -> None:
    """What is in no shape, has no mask or is too much is the client's error, and says so."""
    problem_of(client.post("/v1/score", json=body), status, kind)


def test_the_text_without_a_mask_is_named(client: TestClient) -> None:
    """Of several texts the problem tells which, and how a mask is written."""
    problem = client.post("/v1/score", json={"inputs": [FRANCE, "no mask"]}).json()
    assert problem["detail"].startswith("text 2: the text has no mask: write [MASK]")


def test_without_a_model_the_problem_says_what_to_set(shared_index: Path) -> None:
    """A service without a masked-language model is otherwise well."""
    with serving(shared_index) as client:
        response = client.post("/v1/score", json={"inputs": FRANCE})
        problem = problem_of(response, 404, "no-masked-model")
        assert "ANSWERABLE_MASKED_MODEL" in problem["detail"]
        assert "--masked-model" in problem["detail"]
        assert client.get("/health/ready").status_code == 200


def test_a_broken_model_is_not_ready(shared_index: Path, tmp_path: Path) -> None:
    """A folder that holds no such model is a 503, whose reason is for the log only."""
    with serving(shared_index, masked_model=tmp_path / "private") as client:
        for response in (
            client.get("/health/ready"),
            client.post("/v1/score", json={"inputs": FRANCE}),
        ):
            problem_of(response, 503, "model-folder-invalid")
            assert "private" not in response.text


def test_words_are_remembered(client: TestClient) -> None:
    """The same texts and options come from memory; others do not, and the header says so."""
    body = {"inputs": "France is a [MASK].", "parameters": {"top_k": 3}}
    answers = [client.post("/v1/score", json=body) for _ in range(2)]
    assert [each.headers["answerable-cache"] for each in answers] == ["miss", "hit"]
    assert answers[0].json() == answers[1].json()
    other = client.post("/v1/score", json={**body, "parameters": {"top_k": 4}})
    assert other.headers["answerable-cache"] == "miss"
    longer = {"inputs": [body["inputs"], "Today is [MASK]."], "parameters": {"top_k": 3}}
    assert client.post("/v1/score", json=longer).headers["answerable-cache"] == "miss"


def test_words_wanted_are_not_held(shared_index: Path) -> None:
    """What is remembered of a request that names long words is counted, its key among it."""
    words = MaskedWords(Lazy(scripted_masks), Settings(index=shared_index))
    targets = ("city", *(f"{i}" + "x" * 10_000 for i in range(10)))
    words.fill([FRANCE], FillOptions(targets=targets))
    assert words.remembered([FRANCE], FillOptions(targets=targets)) is not None
    assert words.remembered([FRANCE], FillOptions(targets=targets[:-1])) is None
    assert {len(key) for key in words._cache._entries} == {32}


def test_scope_and_rate_are_those_of_questions(shared_index: Path, tmp_path: Path) -> None:
    """A key needs the scope ``ask``, and is counted as with every other route."""
    index = tmp_path / "index"
    fill(index, write_handbook(tmp_path))
    asking, giving = key_for(index, "ask"), key_for(index, "ingest")
    with serving(index, masked=scripted_masks(), rate_per_minute=2) as client:
        for path in ("/v1/score", "/score"):
            body = {"inputs": FRANCE}
            problem_of(client.post(path, json=body), 401, "key-needed")
            problem_of(client.post(path, json=body, headers=giving), 403, "scope-missing")
            assert client.post(path, json=body, headers=asking).status_code == 200
        limited = client.post("/score", json=body, headers=asking)
        problem_of(limited, 429, "rate-exceeded")


class _Held:
    """A scorer that waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self._scorer = ScriptedMasks(cased_tokenizer(), {"capital": 1.0})

    def logits(self, token_ids: Sequence[int], positions: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the script's logits in the end."""
        assert self.go.wait(20)
        return self._scorer.logits(token_ids, positions)


def test_requests_wait_in_the_queue_of_questions(shared_index: Path) -> None:
    """One runs, one waits, the next is refused at once, as a question would be too."""
    held = _Held()
    model = MaskedModel(held, MaskTokens(cased_tokenizer()), name="held", sha256="", max_tokens=16)
    with (
        serving(shared_index, masked=model, concurrency=1, queue=1, cache_bytes=0) as client,
        ThreadPoolExecutor(2) as pool,
    ):
        try:
            body = {"inputs": FRANCE}
            sent = [pool.submit(client.post, "/v1/score", json=body) for _ in range(2)]
            deadline = time.monotonic() + 20
            while "work_waiting 1.0" not in client.get("/metrics").text:
                assert time.monotonic() < deadline
            for path, asked in (("/v1/score", body), ("/v1/ask", {"question": "Who?"})):
                problem_of(client.post(path, json=asked), 503, "overloaded")
        finally:
            held.go.set()
        assert [each.result().json() for each in sent] == [["capital"], ["capital"]]


def test_masks_are_counted(shared_index: Path) -> None:
    """Metrics tell masks, time, memory and the model; no text."""
    with serving(shared_index, masked=scripted_masks()) as client:
        for _ in range(2):
            client.post("/v1/score", json={"inputs": BOTH})
        lines = client.get("/metrics").text.splitlines()
    assert "answerable_masks_total 2.0" in lines
    assert 'answerable_cache_total{result="hit"} 1.0' in lines
    assert 'answerable_stage_seconds_count{stage="fill_mask"} 1.0' in lines
    assert f'answerable_model_info{{kind="masked-lm",model="scripted@{"5c" * 6}"}} 1.0' in lines
    assert not [line for line in lines if "France" in line]


def test_the_document_shows_every_shape(client: TestClient) -> None:
    """OpenAPI has an example for each shape, and the service takes each of them."""
    document = client.get("/openapi.json").json()
    content = document["paths"]["/v1/score"]["post"]["requestBody"]["content"]["application/json"]
    assert content["examples"] == SCORE_REQUESTS
    assert len(SCORE_REQUESTS) == 4
    for example in SCORE_REQUESTS.values():
        assert client.post("/v1/score", json=example["value"]).status_code == 200
