"""What the probability of an answer is computed from, as a list of numbers.

Unknown values are NaN: the model takes what is usual instead.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from answerable.index import STOP_WORDS, Passage

from ..answer_text import normalize_answer
from ..contradiction import is_contradiction
from ..ranking import ScoredSpan
from .evidence import Reading, RetrievalEvidence

UNKNOWN = math.nan
_LARGEST = 8.0  # logits: a margin that counts no more when it grows, and that of no rival at all
_LARGEST_SCORE = 10.0  # logits: likewise a score
_SAME_F1 = 0.5  # token F1 from which two texts are one answer in other words
_NEAR_CHARS = 120  # about a sentence to either side of an answer
_TWIN_CHARS = 40  # the same so far to both sides: a copy, not a second witness
_STEM_CHARS = 5  # words that begin alike are taken for forms of one
_MOST_WORDS = 64  # of a question
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Feature:
    """One number that describes an answer.

    Attributes:
        direction: 1 if more of it can only make the answer likelier, -1 if less, 0 if either.
        least_spread: a spread below which its weight is not scaled up, for what is nearly
            always the same in the calibration and need not be elsewhere.
    """

    name: str
    direction: int
    meaning: str
    least_spread: float = 0.0


FEATURES = (
    Feature("score", 1, 'log-odds of the span against "no answer" in its window, in logits'),
    Feature("prior", 1, "log-odds of its passage against the likeliest, from retrieval"),
    Feature("alone", 1, "the score when only its sentence is read, or as it is if none was"),
    Feature("peak", 1, "log-odds of the exact span among all of its window, no answer left out"),
    Feature("margin", 1, "score and prior, less those of the best other answer, in logits"),
    Feature("mass", 1, "log-odds of the answer, in all its wordings, among all spans"),
    Feature("agreement", 1, "log(1 + other documents with the answer, copies not counted)", 1.0),
    Feature("rivals", -1, 'log(1 + passages where another answer beats "no answer")'),
    Feature("rank", -1, "logarithm of the passage's rank"),
    Feature("dense_lead", 1, "cosine of question and passage, less the mean of those read"),
    Feature("lexical_score", 1, "BM25 for each word of meaning in the question"),
    Feature("overlap", 1, "share of the question's words of meaning in passage and headings"),
    Feature("overlap_near", 1, "the same within 120 characters of the answer"),
    Feature("answer_words", 0, "logarithm of the answer's words"),
    Feature("question_words", 0, "logarithm of the question's words of meaning, and one"),
    Feature("passage_words", -1, "logarithm of the passage's words: more text to be wrong in"),
    Feature("n_passages", 0, "logarithm of the number of passages read", 1.0),
)
N_FEATURES = len(FEATURES)


def answer_features(reading: Reading, n_best: int = 1) -> list[tuple[float, ...]]:
    """Describe the best ranked spans: for each a number, or NaN, for each of ``FEATURES``."""
    words = question_stems(reading.question)
    passages = {passage.id: place for place, passage in enumerate(reading.passages)}
    wordings = _Wordings(reading.spans)
    described: list[tuple[float, ...]] = []
    for position, span in enumerate(reading.ranked[:n_best]):
        place = passages[span.passage_id]
        passage = reading.passages[place]
        raw = raw_score(span)
        described.append(
            (
                _within(raw),
                span.score - raw,
                _within(reading.alone.get(span.place, raw)),
                _peak(reading.spans, span),
                _margin(reading.ranked, position, wordings),
                _mass(reading.spans, span, wordings),
                math.log1p(_n_agreeing(reading, position, wordings)),
                math.log1p(_n_rivals(reading, span, wordings)),
                *_retrieval(reading.evidence, place, len(words)),
                _share(words, f"{passage.title} {passage.heading} {passage.text}"),
                _share(words, _around(passage, span, _NEAR_CHARS)),
                math.log(max(1, len(span.text.split()))),
                math.log1p(len(words)),
                math.log(max(1, len(passage.text.split()))),
                math.log(len(reading.passages)),
            )
        )
    return described


class _Wordings:
    """Which texts are one answer in other words; every text is normalized once.

    Two that contradict each other are not: 28 days is another answer than 30 days, though half of
    the words are the same, and 1.5% another than 15%, though without its point it is the same.
    """

    def __init__(self, spans: Sequence[ScoredSpan]) -> None:
        different = {span.text for span in spans}
        self._normal = {text: normalize_answer(text) for text in different}
        self._words = {text: Counter(normal.split()) for text, normal in self._normal.items()}
        self._known: dict[tuple[str, str], bool] = {}

    def agree(self, one: str, other: str) -> bool:
        """Whether two texts have a token F1 of at least 0.5 and no contradiction."""
        if one == other:
            return True
        if (one, other) not in self._known:
            self._known[one, other] = self._is_one(one, other)
        return self._known[one, other]

    def are_equal(self, one: str, other: str) -> bool:
        """Whether two texts are the same once normalized, and no contradiction."""
        return self._normal[one] == self._normal[other] and self.agree(one, other)

    def _is_one(self, one: str, other: str) -> bool:
        a, b = self._words[one], self._words[other]
        if not a or not b:
            return not a and not b
        share = 2 * (a & b).total() / (a.total() + b.total())
        return share >= _SAME_F1 and not is_contradiction(one, other)


def raw_score(span: ScoredSpan) -> float:
    """Return a span's log-odds against "no answer", without the prior of its passage."""
    if span.logits is None:
        return span.score
    logits = span.logits
    return logits.start + logits.end - logits.null_start - logits.null_end


def _within(score: float) -> float:
    return float(np.clip(score, -_LARGEST_SCORE, _LARGEST_SCORE))


def question_stems(question: str) -> frozenset[str]:
    """Return the beginnings of a question's words of meaning."""
    words = _WORD.findall(question.casefold())[:_MOST_WORDS]
    return frozenset(word[:_STEM_CHARS] for word in words if word not in STOP_WORDS)


def _margin(ranked: Sequence[ScoredSpan], position: int, wordings: _Wordings) -> float:
    span = ranked[position]
    for i, other in enumerate(ranked):
        if i != position and not wordings.agree(other.text, span.text):
            return float(np.clip(span.score - other.score, -_LARGEST, _LARGEST))
    return _LARGEST


def _peak(spans: Sequence[ScoredSpan], span: ScoredSpan) -> float:
    """Return how sure the model is where the answer begins and ends, other wordings being rivals.

    Its log-odds, within ±8, in a softmax over the spans of its window.
    """
    window = [other for other in spans if _is_same_window(other, span)]
    scores = np.array([other.score for other in window])
    is_it = np.array([(o.start, o.end) == (span.start, span.end) for o in window])
    return _log_odds(scores, is_it)


def _mass(spans: Sequence[ScoredSpan], span: ScoredSpan, wordings: _Wordings) -> float:
    """Return the log-odds, within ±8, of an answer in all its wordings, among all spans."""
    scores = np.array([other.score for other in spans])
    return _log_odds(scores, np.array([_is_same(o, span, wordings) for o in spans]))


def _log_odds(scores: npt.NDArray[np.float64], is_it: npt.NDArray[np.bool_]) -> float:
    weights = np.exp(scores - scores.max())
    least = math.exp(-2 * _LARGEST)
    one, rest = (max(least, float(weights[of].sum())) for of in (is_it, ~is_it))
    return float(np.clip(math.log(one / rest), -_LARGEST, _LARGEST))


def _is_same_window(other: ScoredSpan, span: ScoredSpan) -> bool:
    if other.passage_id != span.passage_id:
        return False
    if other.logits is None or span.logits is None:
        return True
    # Two windows of one passage have their own logits of "no answer".
    return (other.logits.null_start, other.logits.null_end) == (
        span.logits.null_start,
        span.logits.null_end,
    )


def _is_same(other: ScoredSpan, span: ScoredSpan, wordings: _Wordings) -> bool:
    if other.document_id == span.document_id and other.start < span.end and span.start < other.end:
        return True
    return wordings.agree(other.text, span.text)


def _n_agreeing(reading: Reading, position: int, wordings: _Wordings) -> int:
    """Count other documents with the same answer above "no answer", copied passages left out."""
    span = reading.ranked[position]
    passages = {passage.id: passage for passage in reading.passages}
    seen = {_around(passages[span.passage_id], span, _TWIN_CHARS)}
    documents = {span.document_id}
    for other in reading.ranked:
        if other.document_id in documents or raw_score(other) <= 0:
            continue
        if not wordings.are_equal(other.text, span.text):
            continue
        around = _around(passages[other.passage_id], other, _TWIN_CHARS)
        if around not in seen:
            seen.add(around)
            documents.add(other.document_id)
    return len(documents) - 1


def _n_rivals(reading: Reading, span: ScoredSpan, wordings: _Wordings) -> int:
    rivals = {
        other.passage_id
        for other in reading.ranked
        if raw_score(other) > 0 and not wordings.agree(other.text, span.text)
    }
    return len(rivals)


def _retrieval(
    evidence: Sequence[RetrievalEvidence], place: int, n_words: int
) -> tuple[float, float, float]:
    """Return rank, dense_lead and lexical_score of a passage."""
    if not evidence:
        return UNKNOWN, UNKNOWN, UNKNOWN
    one = evidence[place]
    known = [e.dense_score for e in evidence if e.dense_score is not None]
    # Not among the nearest: its cosine is below all that are.
    dense = min(known, default=UNKNOWN) if one.dense_score is None else one.dense_score
    # Cosines are higher in some texts than in others, right or wrong: only their lead tells.
    lead = dense - sum(known) / len(known) if known else UNKNOWN
    lexical = (one.lexical_score or 0.0) / max(1, n_words)
    return math.log(one.rank), lead, lexical


def _share(words: frozenset[str], text: str) -> float:
    """Return the share of a question's words that a text holds; 1 for a question without."""
    found = {word[:_STEM_CHARS] for word in _WORD.findall(text.casefold())}
    return len(words & found) / len(words) if words else 1.0


def _around(passage: Passage, span: ScoredSpan, n_chars: int) -> str:
    start, end = span.start - passage.start, span.end - passage.start
    return " ".join(passage.text[max(0, start - n_chars) : end + n_chars].split())
