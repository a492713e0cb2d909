"""``POST /v1/score``: masked words, in the shapes of Azure ML's and Hugging Face's endpoints.

Azure ML scores at ``/score``, so that path answers too.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Body, FastAPI, Query, Request
from fastapi.responses import Response

from answerable.reader.masked import FilledText

from ..errors import BatchTooLarge
from ..masks import FillOptions, predictions_record
from .access import WhoAsks
from .examples import SCORE_REQUESTS
from .openapi import problems
from .parts import Parts
from .schemas import ScoreParameters, ScoreRequest, ScoreResult

_PATHS = ("/v1/score", "/score")

_ScoreBody = Annotated[ScoreRequest, Body(openapi_examples=SCORE_REQUESTS)]
_Detail = Annotated[
    bool, Query(description="1 for each mask's scored words in place of the best one")
]


def add_score_routes(app: FastAPI, parts: Parts) -> None:
    """Add the route that fills masks, under both of its paths."""

    async def score(
        request: Request, body: _ScoreBody, asker: WhoAsks, detail: _Detail = False
    ) -> Response:
        texts, options = body.texts, _options(body.parameters)
        if len(texts) > parts.settings.max_batch:
            raise BatchTooLarge(
                f"there are {len(texts)} texts; at most {parts.settings.max_batch} are taken at "
                "once: send several requests"
            )
        if parts.settings.log_questions:
            request.state.logged = {"questions": texts}
        known = parts.masked_words.remembered(texts, options)
        parts.metrics.note_lookup(is_hit=known is not None)
        if known is not None:
            filled = known
        else:

            def work() -> tuple[list[FilledText], float]:
                return parts.masked_words.fill(texts, options)

            filled, took_ms = await parts.gate.run(request, work, parts.settings.deadline_s)
            parts.metrics.note_masks(sum(len(each.masks) for each in filled), took_ms)
            request.state.span.stages((("fill_mask", took_ms),))
        said = _detailed(filled, body) if detail else [",".join(each.words) for each in filled]
        headers = {"answerable-cache": "miss" if known is None else "hit"}
        content = json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
        return Response(content, media_type="application/json", headers=headers)

    for path in _PATHS:
        app.post(
            path,
            response_model=ScoreResult,
            responses=problems(400, 401, 403, 404, 408, 413, 415, 422, 429, 503),
            summary="Guess masked words" + ("" if path == _PATHS[0] else ", where Azure ML does"),
        )(score)


def _options(parameters: ScoreParameters | None) -> FillOptions:
    given = parameters or ScoreParameters()
    targets = [given.targets] if isinstance(given.targets, str) else given.targets
    return FillOptions(given.top_k or FillOptions().top_k, tuple(targets) if targets else None)


def _detailed(filled: Sequence[FilledText], body: ScoreRequest) -> Any:
    """Return scored words: of a lone text its list, of texts a list of lists.

    A text with several masks has a list for each, as in Transformers' pipeline.
    """
    texts = [_scored(each) for each in filled]
    return texts[0] if isinstance(body.inputs, str) else texts


def _scored(filled: FilledText) -> Any:
    masks = [predictions_record(predictions) for predictions in filled.masks]
    return masks[0] if len(masks) == 1 else masks
