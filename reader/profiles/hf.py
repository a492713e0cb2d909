"""The rule of Transformers' question-answering pipeline: a product of two probabilities.

Start and end logits each go through a softmax over the tokens of the passage and position 0, in each
window for itself: a window that holds no answer makes its best span as sure as one that does. The
score of a span is the product of both probabilities; that of "no answer", asked for with
``handle_impossible_answer``, is the product at position 0, the least of all windows.

Source: QuestionAnsweringPipeline.postprocess, select_starts_ends, decode_spans.
"""

import numpy as np

from .softmax import softmax
from .types import Profile, ProfileAnswer, ProfileDecision, ReadQuestion, ReadWindow


def hf(question: ReadQuestion, profile: Profile) -> ProfileDecision:
    """Decide as the pipeline does: the surest span of all windows, widened to whole words."""
    answers: list[ProfileAnswer] = []
    nulls: list[float] = []
    for read in question.windows:
        found, null = _window(question, read, profile)
        answers += found
        nulls.append(null)
    answers.sort(key=lambda answer: -answer.score)
    best = answers[0] if answers else None
    null_score = min(nulls, default=0.0)
    null_odds = null_score - best.score if best else None
    is_withheld = profile.may_abstain and null_odds is not None and null_odds > 0
    kept = answers[: profile.n_best]
    if profile.may_abstain and nulls:
        kept.append(_null(question, null_score))
        kept.sort(key=lambda answer: -answer.score)
    return ProfileDecision(
        profile=profile.name,
        best=best,
        is_withheld=is_withheld,
        score=null_score if is_withheld or best is None else best.score,
        null_odds=null_odds,
        n_best=tuple(kept[: profile.n_best]),
    )


def _window(
    question: ReadQuestion, read: ReadWindow, profile: Profile
) -> tuple[list[ProfileAnswer], float]:
    """Return the best spans of a window, and the score of "no answer" in it."""
    context = read.context
    starts = softmax(np.append(read.start_logits[:1], read.start_logits[context]))
    ends = softmax(np.append(read.end_logits[:1], read.end_logits[context]))
    scores = np.triu(np.outer(starts[1:], ends[1:]))
    if profile.max_answer_tokens is not None:
        scores = np.tril(scores, profile.max_answer_tokens - 1)
    flat = scores.ravel()
    passage = question.passages[read.window.passage]
    seen = range(read.first_token, read.first_token + len(scores))
    answers = []
    for place in np.argsort(-flat, kind="stable")[: profile.n_best]:
        if flat[place] <= 0:
            break
        start, end = divmod(int(place), len(scores))
        begin_char, end_char = passage.whole_words(seen[start], seen[end], seen)
        answers.append(
            ProfileAnswer(
                text=passage.text[begin_char:end_char],
                score=float(flat[place]),
                passage=read.window.passage,
                start=begin_char,
                end=end_char,
                start_logit=float(read.start_logits[context.start + start]),
                end_logit=float(read.end_logits[context.start + end]),
            )
        )
    return answers, float(starts[0] * ends[0])


def _null(question: ReadQuestion, score: float) -> ProfileAnswer:
    """Return "no answer" with its logits in the window where they are least."""
    nulls = [(float(r.start_logits[0]), float(r.end_logits[0])) for r in question.windows]
    return ProfileAnswer("", score, None, 0, 0, *min(nulls, key=sum))
