"""Tokenizers from vocabulary files: the right pieces, and offsets into the text as it was given."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from answerable.index import ModelFolderInvalid
from answerable.reader.importing import architecture_of, write_tokenizer
from answerable.reader.importing.sentencepiece import read_sentencepiece
from answerable.reader.windows import WindowConfig, WindowMaker
from tests.reader.importing.files import CONTROL, NORMAL, UNKNOWN, sentencepiece

TURKISH = "İstanbul ÉTÉ caf\u00e9s"
UNCASED = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "istanbul", "ete", "cafe", "##s"]
CASED = [*UNCASED[:5], "İstanbul", "ÉTÉ", "café", "##s"]
PIECES = [
    ("<pad>", 0.0, CONTROL),
    ("<unk>", 0.0, UNKNOWN),
    ("[CLS]", 0.0, CONTROL),
    ("[SEP]", 0.0, CONTROL),
    ("[MASK]", 0.0, CONTROL),
    *[
        (piece, -float(i), NORMAL)
        for i, piece in enumerate(["▁the", "▁cafe", "s", "▁", "9", ","], 1)
    ],
    ("9,", -0.5, NORMAL),
]


def _tokenizer(folder: Path, model_type: str | None = "bert", **settings: object) -> Tokenizer:
    if settings:
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    write_tokenizer(folder, folder / "out.json", architecture_of(model_type), 1000)
    return Tokenizer.from_file(str(folder / "out.json"))


def _pieces(tokenizer: Tokenizer, text: str) -> list[tuple[str, str]]:
    """Return each token with the part of the text that its offsets point at."""
    encoded = tokenizer.encode(text, add_special_tokens=False)
    return [(t, text[b:e]) for t, (b, e) in zip(encoded.tokens, encoded.offsets, strict=True)]


def test_uncased_offsets_point_into_the_original(tmp_path: Path) -> None:
    """Lower-casing lengthens the Turkish I, stripping shortens accents: offsets stay right."""
    (tmp_path / "vocab.txt").write_text("\n".join(UNCASED) + "\n", encoding="utf-8")
    assert _pieces(_tokenizer(tmp_path), TURKISH) == [
        ("istanbul", "İstanbul"),
        ("ete", "ÉTÉ"),
        ("cafe", "café"),
        ("##s", "s"),
    ]


def test_a_cased_vocabulary_is_known_by_its_words(tmp_path: Path) -> None:
    """Where no setting says it, capitals in the vocabulary mean that capitals count."""
    (tmp_path / "vocab.txt").write_text("\n".join(CASED) + "\n", encoding="utf-8")
    tokens = [token for token, _ in _pieces(_tokenizer(tmp_path), TURKISH)]
    assert tokens == ["İstanbul", "ÉTÉ", "café", "##s"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"do_lower_case": True, "strip_accents": False}, "[UNK]"),
        ({"do_lower_case": True}, "ete"),
        ({"do_lower_case": False}, "[UNK]"),
    ],
)
def test_settings_beside_the_vocabulary_win(
    tmp_path: Path, settings: dict[str, bool], expected: str
) -> None:
    """Case and accents are as ``tokenizer_config.json`` says, even of a ``tokenizer.json``."""
    (tmp_path / "vocab.txt").write_text("\n".join(UNCASED) + "\n", encoding="utf-8")
    assert _pieces(_tokenizer(tmp_path, "bert", **settings), "ÉTÉ")[0][0] == expected
    (tmp_path / "out.json").rename(tmp_path / "tokenizer.json")
    (tmp_path / "vocab.txt").unlink()
    assert _pieces(_tokenizer(tmp_path, "bert", **settings), "ÉTÉ")[0][0] == expected


def test_byte_pairs_as_roberta_joins_them(tmp_path: Path) -> None:
    """Two separators stand between question and passage, and no answer begins with white space."""
    letters = ["Ġ", "c", "a", "f", "s", "Ã", "©", "Ġc", "Ġca"]
    vocabulary = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *letters])}
    (tmp_path / "vocab.json").write_text(json.dumps({**vocabulary, "<mask>": 13}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\nĠ c\nĠc a\n", encoding="utf-8")
    tokenizer = _tokenizer(tmp_path, "roberta")
    assert tokenizer.encode("a", "c").tokens == ["<s>", "a", "</s>", "</s>", "c", "</s>"]
    (window,) = WindowMaker(tokenizer, WindowConfig()).windows("a", ["fa cafés"])
    ids = [tokenizer.id_to_token(int(i)) for i in window.token_ids]
    assert ids == ["<s>", "a", "</s>", "</s>", "f", "a", "Ġca", "f", "Ã", "©", "s", "</s>"]
    assert window.context_offsets[2] == (3, 5)
    assert window.may_start.tolist() == [True, False, True, False, False, False, False]
    assert window.may_end.tolist() == [False, True, False, False, False, False, True]


def test_sentence_pieces_as_albert_has_them(tmp_path: Path) -> None:
    """Accents and case go, a number's comma stands apart, and offsets are the original's."""
    (tmp_path / "spiece.model").write_bytes(sentencepiece(PIECES))
    text = "The CAF\u00c9s 9,"
    assert _pieces(_tokenizer(tmp_path, "albert"), text) == [
        ("▁the", "The"),
        ("▁cafe", " CAFÉ"),
        ("s", "s"),
        ("▁", " "),
        ("9", "9"),
        (",", ","),
    ]
    (window,) = WindowMaker(_tokenizer(tmp_path, "albert"), WindowConfig()).windows("the", [text])
    assert window.context_offsets[1] == (4, 8)
    assert window.may_start.tolist() == [True, True, False, False, True, True]


def test_deberta_keeps_case_and_gets_a_mask(tmp_path: Path) -> None:
    """DeBERTa's file has no mask: it is the next id, and capitals count."""
    pieces = [
        ("[PAD]", 0.0, CONTROL),
        ("[UNK]", 0.0, UNKNOWN),
        *PIECES[2:4],
        ("▁the", -1.0, NORMAL),
    ]
    (tmp_path / "spm.model").write_bytes(sentencepiece(pieces))
    tokenizer = _tokenizer(tmp_path, "deberta-v2")
    assert tokenizer.token_to_id("[MASK]") == 5
    assert [t for t, _ in _pieces(tokenizer, "the The")] == ["▁the", "▁The"]
    assert tokenizer.encode("The", add_special_tokens=False).ids == [1]


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("vocab.txt", b"hello\nworld\n", "lacks"),
        ("vocab.txt", b"\xff\xfe\x00", "not UTF-8"),
        ("tokenizer.json", b"{}", "cannot read the tokenizer"),
        ("tokenizer.json", b"[" * 100_000, "cannot read the tokenizer"),
        ("spiece.model", b"\x0a\xff\xff\xff\xff\x0f", "no SentencePiece model"),
        ("spiece.model", b"\xff" * 40, "no SentencePiece model"),
        ("spiece.model", sentencepiece(PIECES[:1]), "no piece for what is unknown"),
        ("spiece.model", sentencepiece(PIECES, characters=b"\xff" * 9), "characters is damaged"),
        ("spiece.model", sentencepiece(PIECES, model=2), "byte pairs"),
    ],
)
def test_damaged_vocabularies_are_one_line(
    tmp_path: Path, name: str, content: bytes, match: str
) -> None:
    """A file that is no vocabulary is refused by name."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match=match) as caught:
        _tokenizer(tmp_path, "albert")
    assert "\n" not in str(caught.value)


def test_ids_beyond_the_model_are_refused(tmp_path: Path) -> None:
    """A vocabulary larger than the table of words is another model's."""
    (tmp_path / "vocab.txt").write_text("\n".join(UNCASED) + "\n")
    with pytest.raises(ModelFolderInvalid, match="not of one model"):
        write_tokenizer(tmp_path, tmp_path / "out.json", architecture_of("bert"), 5)


def test_a_tokenizer_bomb_is_not_read(tmp_path: Path) -> None:
    """A tokenizer of more than 64 MiB is refused without being parsed."""
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(ModelFolderInvalid, match="larger than 64 MiB"):
        _tokenizer(tmp_path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A vocabulary that is a link to a file elsewhere is not followed."""
    secret, source = tmp_path / "secret.txt", tmp_path / "source"
    secret.write_text("\n".join(UNCASED))
    source.mkdir()
    (source / "vocab.txt").symlink_to(secret)
    with pytest.raises(ModelFolderInvalid, match="leads out of the folder"):
        write_tokenizer(source, tmp_path / "out.json", architecture_of("bert"), 1000)
    assert not (tmp_path / "out.json").exists()


def test_scores_are_read_to_the_last_bit(tmp_path: Path) -> None:
    """Pieces come back with their scores and kinds."""
    (tmp_path / "spiece.model").write_bytes(sentencepiece([("a", -1.5, NORMAL), *PIECES[1:2]]))
    first, second = read_sentencepiece(tmp_path / "spiece.model").pieces
    assert (first.text, first.score, first.kind) == ("a", -1.5, NORMAL)
    assert (second.text, second.kind) == ("<unk>", UNKNOWN)
