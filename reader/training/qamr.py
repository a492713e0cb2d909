"""QAMR's question-answer pairs over single sentences, as SQuAD-format questions.

Source: Michael and others 2018, "Crowdsourcing Question-Answer Meaning Representations". The
files hold Penn Treebank tokens; a text is made of them as people write it.
"""

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path

from ..errors import DatasetInvalid
from ..evaluation.squad import SquadAnswer, SquadQuestion

SENTENCES = "wiki-sentences.tsv.gz"
_PTB = "PTB"  # rows on the Penn Treebank, whose text is not free
_COLUMNS = 9  # sentence, target words, worker, pair, word, question, answer tokens, two checks
_WRITTEN = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
    "``": '"',
    "''": '"',
    "`": "'",
}
_JOINS_LEFT = {*", . ; : ? ! % ) ] } ' '' 's 'm 're 've 'd 'll n't ...".split()} | {
    "-RRB-",
    "-RSB-",
    "-RCB-",
}
_JOINS_RIGHT = {"``", "`", "-LRB-", "-LSB-", "-LCB-", "(", "[", "$", "US$", "R$", "#"}


def read_qamr(path: Path) -> list[SquadQuestion]:
    """Read the questions of a QAMR table whose answers are one run of words.

    Args:
        path: a tab-separated table, plain or gzip; ``wiki-sentences.tsv.gz`` beside it holds
            the sentences.

    Raises:
        DatasetInvalid: one of the files cannot be read or is laid out differently.
    """
    sentences: dict[str, list[str]] = {}
    for line in _lines(path.with_name(SENTENCES)):
        id_, _, text = line.partition("\t")
        sentences[id_] = text.split()
    questions = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            question = _question(line.split("\t"), sentences)
        except (KeyError, ValueError, IndexError) as exc:
            raise DatasetInvalid(f"{path}, line {number}: not a row of QAMR: {exc!r}") from exc
        if question is not None:
            questions.append(question)
    return questions


def written(tokens: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of Penn Treebank tokens and each token's place in it."""
    text, places = "", []
    for i, token in enumerate(tokens):
        joins = token in _JOINS_LEFT or (i > 0 and tokens[i - 1] in _JOINS_RIGHT)
        text += "" if joins or not text else " "
        places.append((len(text), len(text) + len(_WRITTEN.get(token, token))))
        text += _WRITTEN.get(token, token)
    return text, places


def _question(row: Sequence[str], sentences: dict[str, list[str]]) -> SquadQuestion | None:
    if len(row) != _COLUMNS:
        raise ValueError(f"{len(row)} columns, not {_COLUMNS}")
    sentence, _, worker, pair, word, question, answer, *_ = row
    if sentence.startswith(_PTB):
        return None
    tokens = [int(position) for position in answer.split()]
    if not tokens or tokens != list(range(tokens[0], tokens[-1] + 1)):
        return None  # scattered words are no span
    context, places = written(sentences[sentence])
    start, end = places[tokens[0]][0], places[tokens[-1]][1]
    return SquadQuestion(
        id=f"{sentence}/{worker}/{pair}/{word}",
        title=":".join(sentence.split(":")[:3]),
        context=context,
        question=question.strip(),
        answers=(SquadAnswer(context[start:end], start),),
    )


def _lines(path: Path) -> list[str]:
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        return raw.decode("utf-8").splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as exc:
        raise DatasetInvalid(f"cannot read {path}: {exc}") from exc
