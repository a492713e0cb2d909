"""The rule of OpenVINO's question-answering demo: one span a window, the surest window wins.

Start and end logits each go through a softmax over the whole padded window; the score of a span is the
product of both probabilities. The demo takes its model to be of SQuAD 1.1 and never says "no answer";
told otherwise (``may_abstain``), it multiplies the score by one less the product at position 0, and
still answers. A passage of less than half a window has no window, and so no answer.

Source: Open Model Zoo, BertQuestionAnswering.find_best_answer_window, ContextWindow.
"""

import numpy as np

from .softmax import softmax
from .types import Profile, ProfileAnswer, ProfileDecision, ReadQuestion, ReadWindow


def openvino_demo(question: ReadQuestion, profile: Profile) -> ProfileDecision:
    """Decide as the demo does; the same place in two windows counts once, at its best."""
    answers: dict[tuple[int | None, int, int], ProfileAnswer] = {}
    for read in question.windows:
        found = _window(question, read, profile)
        place = (found.passage, found.start, found.end)
        kept = answers.get(place)
        if kept is None or found.score > kept.score:
            answers[place] = found  # keeps its place in the order
    ranked = sorted(answers.values(), key=lambda answer: -answer.score)
    best = ranked[0] if ranked else None
    return ProfileDecision(
        profile=profile.name,
        best=best,
        is_withheld=False,
        score=best.score if best else 0.0,
        null_odds=None,
        n_best=tuple(ranked[: profile.n_best]),
    )


def _window(question: ReadQuestion, read: ReadWindow, profile: Profile) -> ProfileAnswer:
    starts, ends = softmax(read.start_logits), softmax(read.end_logits)
    context = read.context
    scores = np.triu(np.outer(starts[context], ends[context]))
    if profile.max_answer_tokens is not None:
        scores = np.tril(scores, profile.max_answer_tokens - 1)
    start, end = divmod(int(scores.argmax()), len(scores))
    null = float(starts[0] * ends[0]) if profile.may_abstain else 0.0
    passage = question.passages[read.window.passage]
    everywhere = range(len(passage.ids))
    begin_char, end_char = passage.whole_words(
        read.first_token + start, read.first_token + end, everywhere
    )
    return ProfileAnswer(
        text=passage.text[begin_char:end_char],
        score=float(scores[start, end]) * (1.0 - null),
        passage=read.window.passage,
        start=begin_char,
        end=min(end_char, len(passage.text)),
        start_logit=float(read.start_logits[context.start + start]),
        end_logit=float(read.end_logits[context.start + end]),
    )
