"""A model in training, asked as the finished reader will be."""

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import PreTrainedModel

from answerable.index import Passage

from ..confidence import uncalibrated
from ..evaluation.metrics import squad_metrics
from ..evaluation.squad import SquadQuestion, read_squad
from ..onnx_reader import OnnxReader
from ..spans import Logits
from ..windows import Window, WindowConfig, WindowMaker
from .architectures import max_tokens
from .logits import logits_of
from .options import ValidationSpec


class _ModelScorer:
    """Scores windows with a PyTorch model, one at a time as the runtime does."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Return start and end logits, each (n_tokens,) float32, of every window in order."""
        with torch.no_grad():
            return [self._of(window) for window in windows]

    def _of(self, window: Window) -> tuple[Logits, Logits]:
        device = self._model.device
        start, end = logits_of(
            self._model,
            torch.from_numpy(window.token_ids)[None].to(device),
            None,
            torch.from_numpy(window.type_ids)[None].to(device),
        )
        return start[0].float().cpu().numpy(), end[0].float().cpu().numpy()


def validate(
    model: PreTrainedModel, tokenizer: Tokenizer, spec: ValidationSpec
) -> dict[str, float]:
    """Return exact match and F1 of a model on the first questions of a file.

    Each question reads its own context through the reader's own windows and ranking; an
    answer is given where its score is above 0, which is where the loss puts the border.

    Raises:
        DatasetInvalid: the file cannot be read.
    """
    questions = read_squad(spec.path)[: spec.max_questions]
    longest = min(WindowConfig().max_seq_tokens, max_tokens(model.config))
    windows = WindowConfig(max_seq_tokens=longest)
    scorer, maker = _ModelScorer(model.eval()), WindowMaker(tokenizer, windows)
    # Only the ranking is asked for, which needs no confidence.
    reader = OnnxReader(scorer, maker, uncalibrated(""), name="in training", sha256="")
    answers: dict[str, str] = {}
    for question in tqdm(questions, desc="validate", unit="q"):
        ranked = reader.rank(question.question, [_passage(question)])
        answers[question.id] = ranked[0].text if ranked and ranked[0].score > 0 else ""
    return squad_metrics(questions, answers)


def _passage(question: SquadQuestion) -> Passage:
    text = question.context
    return Passage(id=0, document_id=0, start=0, end=len(text), text=text, heading="", page=None)
