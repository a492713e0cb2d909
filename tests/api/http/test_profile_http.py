"""``profile`` over HTTP: whose rule decided, and that answers of two rules are never mixed up."""

from pathlib import Path

from tests.api.http.serving import problem_of, serving

QUESTION = {"question": "How large is the allowance?"}


def test_a_profile_decides_and_has_its_own_place_in_memory(index_folder: Path) -> None:
    """The verdict says so; asking without one, or with another, is another question."""
    with serving(index_folder) as client:
        plain = client.post("/v1/ask", json=QUESTION)
        hf = client.post("/v1/ask", json={**QUESTION, "profile": "hf"})
        nemo = client.post("/v1/ask", json={**QUESTION, "profile": "nemo"})
        again = client.post("/v1/ask", json={**QUESTION, "profile": "hf"})
    seen = [one.headers["answerable-cache"] for one in (plain, hf, nemo, again)]
    assert seen == ["miss", "miss", "miss", "hit"]
    assert plain.json()["profile"] is None
    assert plain.json()["answer"]["probability"] is not None
    assert hf.json()["profile"] == {
        "name": "hf",
        "score": 0.5,
        "null_odds": -4.0,
        "text": hf.json()["answer"]["text"],
    }
    assert hf.json()["answer"]["probability"] is None
    assert nemo.json()["profile"]["name"] == "nemo"
    assert again.json()["profile"] == hf.json()["profile"]


def test_an_unknown_profile_and_a_limit_are_refused(index_folder: Path) -> None:
    """Each with a problem document."""
    with serving(index_folder) as client:
        unknown = client.post("/v1/ask", json={**QUESTION, "profile": "bert"})
        both = client.post("/v1/ask", json={**QUESTION, "profile": "hf", "min_probability": 0.5})
    problem_of(unknown, 422)
    refused = problem_of(both, 422, "limit-invalid")
    assert "leave min_probability and max_error out" in refused["detail"]
