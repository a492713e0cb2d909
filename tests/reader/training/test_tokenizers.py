"""Questions become windows with every kind of tokenizer: the answer's tokens are its characters."""

import random

import pytest
from tokenizers import Tokenizer

from answerable.index import ModelFolderInvalid
from answerable.reader.evaluation.squad import SquadAnswer, SquadQuestion
from answerable.reader.training.data import SpecialIds, special_ids
from answerable.reader.training.encoding import encode_questions
from answerable.reader.training.options import WindowSpec
from answerable.reader.training.windows import make_window
from tests.reader.scripted import word_tokenizer
from tests.reader.vocabularies import (
    ALBERT_SPECIAL,
    BERT_SPECIAL,
    byte_pairs,
    sentence_pieces,
    word_pieces,
)

CONTEXT = "Élise met 李明 in Łódź; 🦉 watched. élise and Zoë left, and Zoë’s owl 🦉 stayed."
TEXTS = [CONTEXT, "Who left Łódź?"] * 3
TOKENIZERS = {
    "cased words": word_pieces(TEXTS, lowercase=False),
    "words": word_pieces(TEXTS, lowercase=True),
    "bytes": byte_pairs(TEXTS),
    "pieces": sentence_pieces(TEXTS, ALBERT_SPECIAL, lowercase=True),
    "cased pieces": sentence_pieces(TEXTS, BERT_SPECIAL, lowercase=False),
}
ANSWERS = ("Élise", "Łódź", "Zoë", "李明", "🦉", "and Zoë left")


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS.keys())
@pytest.mark.parametrize("answer", ANSWERS)
def test_the_answers_tokens_are_its_characters(tokenizer: Tokenizer, answer: str) -> None:
    """From the first to the last token of the answer stands the answer, and nothing else."""
    start = CONTEXT.index(answer)
    question = SquadQuestion("1", "t", CONTEXT, "Who left?", (SquadAnswer(answer, start),))
    (encoded,) = encode_questions([question], tokenizer, 16)
    offsets = tokenizer.encode(CONTEXT, add_special_tokens=False).offsets
    assert encoded.annotated in encoded.occurrences
    for first, last in encoded.occurrences:
        assert CONTEXT[offsets[first][0] : offsets[last][1]].strip() == answer


@pytest.mark.parametrize("answer", ["Zoë", "🦉"])
def test_every_occurrence_is_found(answer: str) -> None:
    """Characters of several bytes too: the answer stands twice, and is marked twice."""
    question = SquadQuestion(
        "1", "t", CONTEXT, "Who?", (SquadAnswer(answer, CONTEXT.index(answer)),)
    )
    for name in ("bytes", "cased words"):
        (encoded,) = encode_questions([question], TOKENIZERS[name], 16)
        assert len(encoded.occurrences) == 2, name


def test_special_tokens_are_those_of_the_kind() -> None:
    """RoBERTa has two tokens between question and context, the others one."""
    special = special_ids(TOKENIZERS["bytes"])
    assert special == SpecialIds(cls=0, sep=2, pad=1, mask=4, n_between=2)
    assert special.around == (0, 2, 2, 2)
    assert special_ids(TOKENIZERS["pieces"]) == SpecialIds(cls=2, sep=3, pad=0, mask=4)
    question = SquadQuestion("1", "t", CONTEXT, "Who left?", (SquadAnswer("Zoë", 45),))
    (encoded,) = encode_questions([question], TOKENIZERS["bytes"], 16)
    spec = WindowSpec(crop_share=0.0, off_answer_share=0.0)
    window = make_window(encoded, spec, random.Random(0), special.around)
    n_question = len(encoded.question_ids)
    assert window.token_ids[n_question + 1 : window.context_start] == (2, 2)
    assert window.token_ids[0] == 0 and window.token_ids[-1] == 2
    assert window.n_tokens == len(window.token_ids)


def test_a_tokenizer_that_cannot_pad_is_refused() -> None:
    """Without a padding token there are no batches."""
    tokenizer = word_tokenizer("a")
    content = tokenizer.to_str().replace("[PAD]", "[NONE]")
    with pytest.raises(ModelFolderInvalid, match="it cannot pad"):
        special_ids(Tokenizer.from_str(content))
