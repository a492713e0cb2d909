"""Compare our rules of other systems with those systems' own libraries.

    python benchmarks/profiles_beside_originals.py DEV.json.gz hf         # transformers 4.48
    python benchmarks/profiles_beside_originals.py DEV.json.gz haystack1  # farm-haystack 1.26
    python benchmarks/profiles_beside_originals.py DEV.json.gz haystack2  # haystack-ai 2.10

Each in an environment with that library, which none of ours has; ``hf`` compares run_squad too. The
model is a small BERT of random weights. Reports to ``results/profiles_LIBRARY.json`` how many
questions had the same answer, list and score.
"""

import argparse
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from report import write_report

from answerable.index import sha256_of_file
from answerable.reader import PROFILES, Profile, ProfileDecision, default_reader_folder, read_squad
from answerable.reader.profiles import WindowScores, cut_all, decide_all
from answerable.reader.spans import Logits
from answerable.reader.windows import Window, WindowConfig, WindowMaker

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

Asked = tuple[str, list[str]]
Listed = list[tuple[str, float]]
SAME = 1e-4  # in scores


def main() -> None:
    """Compare one library."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="SQuAD JSON")
    parser.add_argument("library", choices=("hf", "haystack1", "haystack2"))
    parser.add_argument("--questions", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        model = _build(Path(work))
        ours = _Ours(Path(work), model)
        compare: Callable[..., Iterator[tuple[str, Listed, ProfileDecision]]]
        compare = {"hf": _hf, "haystack1": _haystack1, "haystack2": _haystack2}[arguments.library]
        same: Counter[str] = Counter()
        asked = list(_asked(arguments.data, arguments.questions))
        for rule, theirs, decision in compare(Path(work), model, ours, asked):
            same[f"{rule}: compared"] += 1
            same[f"{rule}: same answer and score"] += _is_same(theirs[:1], [_decided(decision)])
            same[f"{rule}: same list"] += _is_same(theirs, _listed(decision))
    figures = {"data_sha256": sha256_of_file(arguments.data), "same": dict(same)}
    print(f"written to {write_report(f'profiles_{arguments.library}', figures)}")


def _decided(decision: ProfileDecision) -> tuple[str, float]:
    return (decision.answer.text if decision.answer else "", decision.score)


def _listed(decision: ProfileDecision) -> Listed:
    return [(entry.text, entry.score) for entry in decision.n_best]


def _is_same(theirs: Listed, ours: Listed) -> bool:
    """Whether two lists hold the same texts at the same scores, equal scores in any order."""
    if len(theirs) != len(ours):
        return False
    pairs = zip(sorted(theirs), sorted(ours), strict=True)
    return all(a == b and abs(x - y) < SAME for (a, x), (b, y) in pairs)


def _build(work: Path) -> Any:
    """Write a BERT of random weights with our reader's vocabulary, and return it."""
    import json

    import torch
    from transformers import BertConfig, BertForQuestionAnswering, BertTokenizerFast

    tokenizer = json.loads((default_reader_folder() / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    lines = "\n".join(sorted(vocabulary, key=vocabulary.__getitem__))
    (work / "vocab.txt").write_text(lines + "\n", encoding="utf-8")
    torch.manual_seed(0)
    width = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(vocabulary), intermediate_size=64, **width)
    model = BertForQuestionAnswering(config).eval()
    with torch.no_grad():  # logits that tell tokens apart
        for weights in model.parameters():
            weights.mul_(6 if weights.dim() > 1 else 1)
        model.qa_outputs.weight.mul_(3)
    model.save_pretrained(work)
    BertTokenizerFast(vocab_file=str(work / "vocab.txt")).save_pretrained(work)
    return model


def _asked(data: Path, n: int) -> Iterator[Asked]:
    """Yield questions over paragraphs alone, joined, cut short, with odd space, and several."""
    questions = read_squad(data)
    contexts = list(dict.fromkeys(question.context for question in questions))
    firsts = {question.context: question.question.strip() for question in reversed(questions)}
    step = max(1, len(contexts) // n)
    for number, at in enumerate(range(0, len(contexts), step)):
        text = contexts[at]
        if number % 3 == 0:
            text = " ".join(contexts[at : at + 5])
        elif number % 7 == 2:
            text = text[:120]
        text = text.replace(". ", ".  \n") if number % 5 == 4 else text
        yield firsts[contexts[at]], [text, *(contexts[at + 1 : at + 3] if number % 2 else ())]


class _Ours:
    """Our rules over the same torch model."""

    def __init__(self, work: Path, model: Any) -> None:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
        self._maker = WindowMaker(tokenizer, WindowConfig(max_seq_tokens=512))
        self._model = model

    def decide(self, question: str, passages: Sequence[str], profile: Profile) -> ProfileDecision:
        """Return what the rule decides."""
        cuts = cut_all(self._maker, question, passages, [profile])
        scores = WindowScores(self, [one.window for one in cuts[0].windows])
        return decide_all(cuts, [profile], scores)[0]

    def logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        """Run the model."""
        return [self._of(window) for window in windows]

    def _of(self, window: Window) -> tuple[Logits, Logits]:
        import torch

        ids = torch.tensor(window.token_ids)[None]
        mask = torch.ones_like(ids)
        mask[:, len(window.token_ids) - window.n_padding :] = 0
        with torch.no_grad():
            given = self._model(
                input_ids=ids,
                attention_mask=mask,
                token_type_ids=torch.tensor(window.type_ids)[None],
            )
        return given.start_logits[0].numpy(), given.end_logits[0].numpy()


def _hf(
    work: Path, model: Any, ours: _Ours, asked: Sequence[Asked]
) -> Iterator[tuple[str, Listed, ProfileDecision]]:
    from transformers import BertTokenizerFast
    from transformers.pipelines.question_answering import QuestionAnsweringPipeline

    pipeline = QuestionAnsweringPipeline(model, BertTokenizerFast.from_pretrained(work))
    for question, (context, *_) in asked:
        for may_abstain in (False, True):
            found = pipeline(
                question=question, context=context, handle_impossible_answer=may_abstain
            )
            profile = replace(PROFILES["hf"], may_abstain=may_abstain)
            decision = ours.decide(question, [context], profile)
            yield "hf", [(found["answer"], found["score"])], decision
    yield from _run_squad(work, model, ours, asked)


def _run_squad(
    work: Path, model: Any, ours: _Ours, asked: Sequence[Asked]
) -> Iterator[tuple[str, Listed, ProfileDecision]]:
    import json

    import torch
    from transformers import BertTokenizer
    from transformers.data.metrics.squad_metrics import compute_predictions_logits
    from transformers.data.processors.squad import (
        SquadExample,
        squad_convert_examples_to_features,
    )

    tokenizer = BertTokenizer(str(work / "vocab.txt"), do_lower_case=True, model_max_length=512)
    examples = [
        SquadExample(str(number), question, context, None, None, "", answers=[])
        for number, (question, (context, *_)) in enumerate(asked)
    ]
    features = squad_convert_examples_to_features(
        examples, tokenizer, 384, 128, 64, False, tqdm_enabled=False
    )
    results = []
    for feature in features:
        given = (feature.input_ids, feature.attention_mask, feature.token_type_ids)
        with torch.no_grad():
            scored = model(*(torch.tensor(values)[None] for values in given))
        results.append(
            SimpleNamespace(
                unique_id=feature.unique_id,
                start_logits=scored.start_logits[0].tolist(),
                end_logits=scored.end_logits[0].tolist(),
            )
        )
    n_best = work / "n_best.json"
    predictions = compute_predictions_logits(
        examples, features, results, 20, 30, True, None, str(n_best), None, False, True, 0.0, tokenizer
    )  # fmt: skip
    lists = json.loads(n_best.read_text())
    for number, (question, (context, *_)) in enumerate(asked):
        listed = [(entry["text"], entry["probability"]) for entry in lists[str(number)]]
        given = [entry for entry in listed if entry[0] == predictions[str(number)]]
        rest = [entry for entry in listed if entry not in given]
        yield "run_squad", [*given, *rest], ours.decide(question, [context], PROFILES["run_squad"])


def _haystack2(
    work: Path, model: Any, ours: _Ours, asked: Sequence[Asked]
) -> Iterator[tuple[str, Listed, ProfileDecision]]:
    from haystack import Document
    from haystack.components.readers.extractive import ExtractiveReader
    from haystack.utils import ComponentDevice
    from transformers import BertTokenizerFast

    reader = ExtractiveReader(model=str(work), token=None)
    reader.model, reader.tokenizer = model, BertTokenizerFast.from_pretrained(work)
    reader.device = ComponentDevice.from_str("cpu")
    for question, passages in asked:
        documents = [Document(content=text, id=str(i)) for i, text in enumerate(passages)]
        answers = reader.run(question, documents)["answers"]
        listed = [(answer.data or "", answer.score) for answer in answers]
        yield "haystack2", listed, ours.decide(question, passages, PROFILES["haystack2"])


def _haystack1(
    work: Path, model: Any, ours: _Ours, asked: Sequence[Asked]
) -> Iterator[tuple[str, Listed, ProfileDecision]]:
    from haystack import Document
    from haystack.nodes import FARMReader

    for may_abstain in (False, True):
        reader = FARMReader(
            str(work), use_gpu=False, return_no_answer=may_abstain, progress_bar=False
        )
        profile = replace(PROFILES["haystack1"], may_abstain=may_abstain)
        for question, passages in asked:
            documents = [Document(content=text, id=str(i)) for i, text in enumerate(passages)]
            answers = reader.predict(question, documents, top_k=10)["answers"]
            listed = [(answer.answer, float(answer.score)) for answer in answers]
            yield "haystack1", listed, ours.decide(question, passages, profile)


if __name__ == "__main__":
    main()
