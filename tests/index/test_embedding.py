"""Passages fit the encoder, headings included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.index import CutPassage, embedding
from answerable.index.embedding import ENCODE_BATCH, PassageEmbedder
from tests.fakes import HashEncoder


@pytest.mark.parametrize("max_tokens", [16, 64, 128, 256, 512])
def test_no_text_is_longer_than_the_encoder_takes(max_tokens: int) -> None:
    """With deep headings over long text, no passage is cut off; the fake refuses longer ones."""
    embedder = PassageEmbedder(HashEncoder(max_tokens=max_tokens))
    heading = "# " + "very long heading " * 30
    text = "\n\n".join(f"{'#' * level} {heading}" for level in (1, 2, 3))
    text += "\n\n" + "Some words, and then some more. " * 200
    passages = embedder.cut(text, "text/markdown", ())
    assert len(passages) > 1
    assert embedder.encode(passages).shape == (len(passages), 32)


def test_heading_comes_before_the_text() -> None:
    """What is encoded is the heading, a line end, and the text; without heading, the text."""
    encoder = HashEncoder()
    passages = [
        CutPassage(0, 4, "Pay > Rent", "text", None),
        CutPassage(0, 4, "", "text", None),
    ]
    expected = encoder.encode(["Pay > Rent\ntext", "text"])
    np.testing.assert_array_equal(PassageEmbedder(encoder).encode(passages), expected)


def test_many_passages_go_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """The encoder gets at most ENCODE_BATCH texts at once, in order."""
    encoder, sizes = HashEncoder(), list[int]()
    encode = encoder.encode

    def counting(texts: list[str]) -> object:
        sizes.append(len(texts))
        return encode(texts)

    monkeypatch.setattr(encoder, "encode", counting)
    passages = [CutPassage(0, 1, "", f"word{i}", None) for i in range(ENCODE_BATCH + 5)]
    vectors = PassageEmbedder(encoder).encode(passages)
    assert sizes == [ENCODE_BATCH, 5]
    np.testing.assert_array_equal(vectors, encode([passage.text for passage in passages]))
    assert PassageEmbedder(encoder).encode([]).shape == (0, 32)


@given(
    words=st.lists(st.sampled_from(["one", "two.", "\n\n", "1,000", "x" * 25]), max_size=80),
    room=st.integers(60, 120),
)
@settings(deadline=None, max_examples=50)
def test_long_texts_are_tokenized_in_pieces(words: list[str], room: int) -> None:
    """No more than so many characters are tokenized at once, and passages are the same."""
    encoder, longest = HashEncoder(max_tokens=16), 0
    token_offsets = encoder.token_offsets

    def noting(text: str) -> list[tuple[int, int]]:
        nonlocal longest
        longest = max(longest, len(text))
        return token_offsets(text)

    text = " ".join(words)
    whole = PassageEmbedder(encoder).cut(text, "text/plain", ())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "TOKENIZE_CHARS", room)
        patch.setattr(encoder, "token_offsets", noting)
        pieces = PassageEmbedder(encoder).cut(text, "text/plain", ())
    assert pieces == whole
    assert longest <= room
