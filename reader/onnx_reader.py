"""The reader: a question and passages in, ranked spans and a verdict out.

The main path is ``OnnxReader.read`` and ``rank``; each of their steps is one module here.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from answerable.index import (
    ModelFolderInvalid,
    Passage,
    available_cores,
    load_manifest,
    read_tokenizer,
)

from .confidence import (
    ConfidenceModel,
    Reading,
    RetrievalEvidence,
    answer_features,
    load_confidence,
    unable_to_abstain,
    uncalibrated,
)
from .profiles import Profile, ProfileDecision, WindowScores, check_case, cut_all, decide_all
from .ranking import ScoredSpan, different_spans, rank_spans, window_spans
from .rivals import Rival, find_rival
from .second_reading import read_again
from .session import ReaderSession
from .sessions import model_files, open_session
from .types import AbstentionReason, Prediction, Span
from .windows import WindowConfig, WindowMaker, WindowScorer, caption_of

MAX_ANSWER_TOKENS = 30
_TOKENIZER_NAME = "tokenizer.json"
_LEAST_CANDIDATE = 0.1  # what is less probable is no candidate, but nothing found
_RANKED = 20  # spans ranked before the n best are cut: what the margin is measured against


def default_reader_folder() -> Path:
    """Return the folder of the reader that is shipped with the package."""
    return Path(__file__).parent / "models" / "minilm-l6-squad2-int8"


def own_confidence(folder: Path | None = None) -> ConfidenceModel:
    """Return the confidence model of a reader's folder without loading the reader.

    Args:
        folder: None for the shipped reader.

    Raises:
        ModelFolderInvalid: the folder is no reader, or its confidence model cannot be read.
        CalibrationMismatch: it was fitted for another reader.
    """
    folder = folder or default_reader_folder()
    return load_confidence(folder, load_manifest(folder, "reader").sha256)


class OnnxReader:
    """Reads passages with an ONNX question-answering model; safe to share between threads."""

    def __init__(
        self,
        scorer: WindowScorer,
        windows: WindowMaker,
        confidence: ConfidenceModel,
        *,
        name: str,
        sha256: str,
        has_null_answer: bool = True,
        own_confidence: ConfidenceModel | None = None,
    ) -> None:
        self.name = name
        self.sha256 = sha256
        self.has_null_answer = has_null_answer
        self.confidence = confidence
        self._own_confidence = own_confidence or confidence
        self._scorer = scorer
        self._windows = windows

    @property
    def calibration(self) -> str | None:
        """What the probabilities were fitted on; None if nothing."""
        return self.confidence.name

    @property
    def is_fallback(self) -> bool:
        """Whether the weights run in FP32 because this processor computes 8-bit products otherwise."""
        return isinstance(self._scorer, ReaderSession) and self._scorer.is_fallback

    @property
    def _can_doubt(self) -> bool:
        """Whether its own probabilities can be low for a good reason: see ``unable_to_abstain``."""
        return self.has_null_answer or self._own_confidence.name is not None

    def with_confidence(self, confidence: ConfidenceModel) -> "OnnxReader":
        """Return the same reader, its session shared, under another confidence model."""
        return OnnxReader(
            self._scorer,
            self._windows,
            confidence,
            name=self.name,
            sha256=self.sha256,
            has_null_answer=self.has_null_answer,
            own_confidence=self._own_confidence,
        )

    @classmethod
    def load(
        cls,
        folder: Path | None = None,
        *,
        threads: int | None = None,
        with_calibration: bool = True,
    ) -> "OnnxReader":
        """Load a reader's model folder.

        Args:
            folder: None for the shipped reader.
            threads: windows read at the same time; None for one per core.
            with_calibration: False as if nothing had been fitted for it.

        Raises:
            ModelFolderInvalid: a file is missing, damaged, or does not fit the others.
            CalibrationMismatch: its calibration was fitted for another reader.
        """
        folder = folder or default_reader_folder()
        manifest = load_manifest(folder, "reader")
        missing = {"max_seq_tokens", "max_question_tokens"} - manifest.settings.keys()
        missing |= {*model_files(manifest.files), _TOKENIZER_NAME} - manifest.files.keys()
        if missing:
            raise ModelFolderInvalid(f"{folder}: manifest lacks {', '.join(sorted(missing))}")
        config = WindowConfig(
            max_seq_tokens=int(manifest.settings["max_seq_tokens"]),
            max_question_tokens=int(manifest.settings["max_question_tokens"]),
        )
        has_null_answer = manifest.settings.get("null_answer") != "none"
        confidence = uncalibrated(manifest.sha256)
        if with_calibration:
            confidence = load_confidence(folder, manifest.sha256)
        if confidence.name is None and not has_null_answer:
            confidence = unable_to_abstain(manifest.sha256)
        return cls(
            open_session(folder, manifest.files, threads or available_cores()),
            WindowMaker(read_tokenizer(folder / _TOKENIZER_NAME), config),
            confidence,
            name=manifest.name,
            sha256=manifest.sha256,
            has_null_answer=has_null_answer,
        )

    def read(
        self,
        question: str,
        passages: Sequence[Passage],
        *,
        priors: Sequence[float] | None = None,
        evidence: Sequence[RetrievalEvidence] | None = None,
        n_best: int = 5,
        min_probability: float | None = None,
        max_error: float | None = None,
    ) -> Prediction:
        """Return the best spans over all passages and whether one is good enough.

        See ``Reader.read`` for the arguments.
        """
        # 1. How sure must it be? Asked first: an error limit may be refused.
        least = self._least_probability(min_probability, max_error)
        # 2. Rank the spans of all passages on one scale.
        reading = self.reading(question, passages, priors, evidence)
        # 3. Say how likely each of the best is right.
        features = answer_features(reading, n_best)
        spans = self._with_probabilities(reading.ranked, features)
        # 4. Answer, or say why not: two documents may disagree, or the best be too unsure.
        reading, rival = self._find_rival(reading)
        if rival:
            spans = self._with_rival(spans, rival)
            reason: AbstentionReason | None = "conflicting_answers"
        else:
            reason = self._reason_to_abstain(spans, least)
        return Prediction(
            answer=None if reason else spans[0],
            reason=reason,
            spans=spans,
            features=features[0] if features else (),
            is_shifted=bool(features) and self.confidence.is_shifted(features[0]),
            min_probability=least,
        )

    def reading(
        self,
        question: str,
        passages: Sequence[Passage],
        priors: Sequence[float] | None = None,
        evidence: Sequence[RetrievalEvidence] | None = None,
    ) -> Reading:
        """Return all that reading finds: what probabilities are computed from.

        See ``Reader.read`` for the arguments.
        """
        spans = self._spans(question, passages, priors or [0.0] * len(passages), _RANKED)
        ranked = rank_spans(spans, _RANKED)
        reading = Reading(question, passages, evidence or (), spans, ranked)
        return self._read_again(reading, ranked[0]) if ranked else reading

    def rank(
        self, question: str, passages: Sequence[Passage], priors: Sequence[float] | None = None
    ) -> list[ScoredSpan]:
        """Return the spans of all passages on one scale, best first, at most 20.

        See ``Reader.read`` for the arguments.
        """
        spans = self._spans(question, passages, priors or [0.0] * len(passages), _RANKED)
        return rank_spans(spans, _RANKED)

    def candidates(
        self, question: str, passages: Sequence[Passage], n_best: int
    ) -> list[ScoredSpan]:
        """Return the n best spans with different texts, best first, overlapping ones included.

        What n-best files list; the first is that of ``rank`` without priors.
        """
        spans = self._spans(question, passages, [0.0] * len(passages), max(_RANKED, 2 * n_best))
        return different_spans(spans, n_best)

    def decide(
        self, question: str, passages: Sequence[Passage], profile: Profile
    ) -> ProfileDecision:
        """Return what another system would answer with this model: see ``Reader.decide``."""
        return self.compare(question, passages, [profile], n_best=0)[1][0]

    def compare(
        self,
        question: str,
        passages: Sequence[Passage],
        profiles: Sequence[Profile],
        *,
        n_best: int,
    ) -> tuple[list[ScoredSpan], list[ProfileDecision]]:
        """Return our own candidates, and what other systems would answer.

        A window that several of them read is scored once.

        Args:
            question: what is asked.
            passages: any number.
            profiles: the other systems and their settings.
            n_best: candidates of ours, as of ``candidates``; none for 0, and then none is read.
        """
        for profile in profiles:
            check_case(profile, self._windows.tokenizer)
        texts = [passage.text for passage in passages]
        cuts = cut_all(self._windows, question, texts, profiles)
        windows = [one.window for cut in cuts for one in cut.windows]
        if n_best:
            windows += self._windows.windows(question, texts, [caption_of(p) for p in passages])
        scores = WindowScores(self._scorer, windows)
        shared = OnnxReader(
            scores, self._windows, self.confidence, name=self.name, sha256=self.sha256
        )
        ours = shared.candidates(question, passages, n_best) if n_best else []
        return ours, decide_all(cuts, profiles, scores)

    def _spans(
        self,
        question: str,
        passages: Sequence[Passage],
        priors: Sequence[float],
        n_best: int,
    ) -> list[ScoredSpan]:
        """Return the n best spans of each window."""
        # 1. Cut the passages into windows.
        texts = [passage.text for passage in passages]
        windows = self._windows.windows(question, texts, [caption_of(p) for p in passages])
        # 2. Let the model score every token of each.
        logits = self._scorer.logits(windows)
        # 3. Search each window for its best spans.
        return [
            replace(span, score=span.score + priors[window.passage])
            for window, (start_logits, end_logits) in zip(windows, logits, strict=True)
            for span in window_spans(
                window,
                passages[window.passage],
                start_logits,
                end_logits,
                max_answer_tokens=MAX_ANSWER_TOKENS,
                n_best=n_best,
            )
        ]

    def _read_again(self, reading: Reading, span: ScoredSpan) -> Reading:
        return read_again(reading, span, self._windows, self._scorer)

    def _find_rival(self, reading: Reading) -> tuple[Reading, Rival | None]:
        """Return a believable answer that contradicts the best, if there is one, and its reading.

        Only when it is believable is it worth a second reading, which may make it less so. To a
        reader that cannot doubt all is believable, and so nothing speaks against its answer.
        """
        if not self._can_doubt:
            return reading, None
        believed = self._own_confidence.probability
        rival = find_rival(reading)
        if rival and rival.is_believable(believed):
            reading = self._read_again(reading, rival.span)
            rival = find_rival(reading)
        return reading, rival if rival and rival.is_believable(believed) else None

    def _least_probability(self, min_probability: float | None, max_error: float | None) -> float:
        if max_error is None:
            return self.confidence.min_probability if min_probability is None else min_probability
        return max(self.confidence.threshold_for(max_error).min_probability, min_probability or 0.0)

    def _with_probabilities(
        self, ranked: Sequence[ScoredSpan], features: Sequence[tuple[float, ...]]
    ) -> tuple[Span, ...]:
        """Give the best spans their probabilities; none is likelier than the first."""
        likeliest = 1.0
        spans: list[Span] = []
        for span, described in zip(ranked, features, strict=False):
            probability = min(likeliest, self.confidence.probability(described))
            likeliest = spans[0].probability if spans else probability
            spans.append(_span(span, probability))
        return tuple(spans)

    def _with_rival(self, spans: Sequence[Span], rival: Rival) -> tuple[Span, ...]:
        """Return the candidates with the rival second, as many as there were, but two at least.

        Each side is as sure as it would be without the other, which is what it is believed for;
        none of the others is likelier than the first.
        """
        place = (rival.span.document_id, rival.span.start)
        probability = self.confidence.probability(rival.answer_features)
        first = replace(spans[0], probability=probability)
        second = _span(rival.span, self.confidence.probability(rival.features))
        others = [
            replace(span, probability=min(span.probability, probability))
            for span in spans[1:]
            if (span.document_id, span.start) != place
        ]
        return (first, second, *others)[: max(2, len(spans))]

    def _reason_to_abstain(self, spans: Sequence[Span], least: float) -> AbstentionReason | None:
        """Return None if the best span may be given as the answer."""
        if not spans:
            return "no_answer_in_passages"
        best, confidence = spans[0], self.confidence
        if best.probability >= least:
            return None
        # What would be an answer without the caller's limit is there, and not sure enough for it.
        is_usual = best.probability >= confidence.min_probability
        is_over_null = -best.score <= confidence.null_threshold
        is_candidate = is_over_null and best.probability >= _LEAST_CANDIDATE
        return "low_confidence" if is_usual or is_candidate else "no_answer_in_passages"


def _span(span: ScoredSpan, probability: float) -> Span:
    return Span(
        passage_id=span.passage_id,
        document_id=span.document_id,
        start=span.start,
        end=span.end,
        text=span.text,
        score=span.score,
        probability=probability,
    )
