import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.index import ModelFolderInvalid, sha256_of_file
from answerable.retriever import OnnxEncoder, default_encoder_folder

pytestmark = pytest.mark.model

ENGLISH = "How many days of annual leave do employees get?"
GERMAN = "Der Vertrag verlängert sich um ein Jahr."
# The first 16 components, recorded from the shipped model. Processors differ in how they round
# 8-bit products, so the test compares directions.
CANONICAL = {
    ENGLISH: "0.064 0.029 0.03 0.069 0.025 0.036 -0.022 -0.082 "
    "-0.026 -0.065 0.033 0.01 -0.075 -0.004 0.007 0.003",
    GERMAN: "-0.021 0.121 -0.014 -0.02 0.008 0.079 0.027 0.111 "
    "-0.021 -0.044 0.032 -0.058 0.056 -0.017 0.016 -0.068",
}
TEXTS = (
    "Full-time staff are entitled to 28 days of paid holiday each year.",
    "The engine runs on diesel.",
    "",
    "leave",
    "Diesel engines are serviced every 10,000 km. " * 30,
)


WORDS = st.lists(
    st.sampled_from(
        ["engine", "leave", "the", "1,000", "\u00e9t\u00e9", "\U0001f389", "?", "office"]
    ),
    max_size=60,
).map(" ".join)


@pytest.fixture(scope="module")
def encoder() -> OnnxEncoder:
    """The shipped encoder, with two threads so that order is at stake."""
    return OnnxEncoder.load(threads=2)


def _copy_of_shipped(folder: Path) -> Path:
    return Path(shutil.copytree(default_encoder_folder(), folder / "model"))


def _rewrite_manifest(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_vectors(encoder: OnnxEncoder, text: str) -> None:
    """The shipped model gives the vectors that were recorded when it was built."""
    actual = encoder.encode([text])[0][:16]
    expected = np.array(CANONICAL[text].split(), np.float32)
    cosine = actual @ expected / (np.linalg.norm(actual) * np.linalg.norm(expected))
    assert cosine >= 0.98


def test_meaning_is_near(encoder: OnnxEncoder) -> None:
    """A question is nearer to its answer than to another sentence, without a shared word."""
    question, answer, other = encoder.encode([ENGLISH, *TEXTS[:2]])
    assert question @ answer > 0.4 > question @ other


def test_vectors_are_unit_float32_in_order(encoder: OnnxEncoder) -> None:
    """Rows are unit vectors, in the order of the texts whatever their lengths."""
    vectors = encoder.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), 384), np.dtype(np.float32))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(encoder.encode(TEXTS[::-1]), vectors[::-1])


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(text=WORDS, before=st.lists(WORDS, max_size=4), after=st.lists(WORDS, max_size=4))
def test_company_does_not_change_a_vector(
    encoder: OnnxEncoder, text: str, before: list[str], after: list[str]
) -> None:
    """A text has the very same vector, to the last bit, alone and among any others."""
    (alone,) = encoder.encode([text])
    among = encoder.encode([*before, text, *after])
    np.testing.assert_array_equal(among[len(before)], alone)


def test_threads_do_not_change_vectors(encoder: OnnxEncoder) -> None:
    """One thread gives what two give."""
    np.testing.assert_array_equal(OnnxEncoder.load(threads=1).encode(TEXTS), encoder.encode(TEXTS))


def test_no_texts_give_no_rows(encoder: OnnxEncoder) -> None:
    """An empty list is a matrix of no rows."""
    assert encoder.encode([]).shape == (0, 384)


def test_long_texts_are_cut_at_their_end(encoder: OnnxEncoder) -> None:
    """What comes after max_tokens tokens does not count; what comes before does."""
    body = "word " * (encoder.max_tokens - 2)
    cut, longer, different = encoder.encode([body, body + "engine", "engine " + body])
    np.testing.assert_array_equal(cut, longer)
    assert not np.array_equal(cut, different)


@pytest.mark.parametrize(
    "text", ["\x00", "a\ud800b", "\udfff", "\u200b", "🎉" * 400, "x" * 100_000]
)
def test_no_text_breaks_the_encoder(encoder: OnnxEncoder, text: str) -> None:
    """NULs, lone surrogates, invisible and endless words are encoded like any text."""
    assert np.isfinite(encoder.encode([text])).all()
    assert all(0 <= start <= end <= len(text) for start, end in encoder.token_offsets(text))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Ann paid 5€.", ["Ann", "paid", "5", "€", "."]),
        ("İstanbul is", ["İstanbul", "is"]),
        ("cafe\u0301 au", ["cafe", "au"]),
        ("a 👩‍👧 b", ["a", "👩‍👧", "b"]),
        ("日本 語", ["日", "本", "語"]),
        ("\ufeffone\r\ntwo\tthree", ["one", "two", "three"]),
        ("it \ud800 is", ["it", "is"]),
        ("\ud83d\ude00 abc", ["abc"]),
    ],
)
def test_offsets_count_code_points_of_the_text_itself(
    encoder: OnnxEncoder, text: str, pieces: list[str]
) -> None:
    """Slices by token offsets are the words as written, on hard Unicode too."""
    assert [text[start:end] for start, end in encoder.token_offsets(text)] == pieces


def test_offsets_cover_texts_beyond_the_limit(encoder: OnnxEncoder) -> None:
    """Offsets are of the whole text, not of what one vector can hold."""
    text = "word " * 1000
    assert encoder.token_offsets(text)[-1] == (4995, 4999)


def test_identity_is_the_manifests(encoder: OnnxEncoder) -> None:
    """Name, dimension and limit are those of the model card; the hash is a SHA-256."""
    identity = (encoder.name, encoder.dimension, encoder.max_tokens, len(encoder.sha256))
    assert identity == ("all-MiniLM-L6-v2-int8", 384, 256, 64)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "manifest.json"])
def test_a_missing_file_is_a_clear_error(tmp_path: Path, name: str) -> None:
    """A model folder without one of its files is refused by name."""
    folder = _copy_of_shipped(tmp_path)
    (folder / name).unlink()
    with pytest.raises(ModelFolderInvalid, match=name):
        OnnxEncoder.load(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_file_is_refused(tmp_path: Path, name: str) -> None:
    """A file that does not match its checksum is not loaded."""
    folder = _copy_of_shipped(tmp_path)
    with (folder / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelFolderInvalid, match="checksum"):
        OnnxEncoder.load(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_nonsense_with_a_right_checksum_is_refused(tmp_path: Path, name: str) -> None:
    """Files that are listed truly but are no model or tokenizer raise our error, not a third's."""
    folder = _copy_of_shipped(tmp_path)
    (folder / name).write_bytes(b"not a model")
    files = {n: sha256_of_file(folder / n) for n in ("model.onnx", "tokenizer.json")}
    _rewrite_manifest(folder, files=files)
    with pytest.raises(ModelFolderInvalid, match=name):
        OnnxEncoder.load(folder)


def test_a_manifest_without_settings_is_refused(tmp_path: Path) -> None:
    """The manifest must say dimension and length, and list the files that are loaded."""
    folder = _copy_of_shipped(tmp_path)
    _rewrite_manifest(folder, files={}, settings={"dimension": 384})
    with pytest.raises(ModelFolderInvalid, match=r"lacks max_tokens, model\.onnx, tokenizer\.json"):
        OnnxEncoder.load(folder)


def test_vectors_of_another_width_are_refused(tmp_path: Path) -> None:
    """A model whose vectors are not as wide as its manifest says is one clear error."""
    folder = _copy_of_shipped(tmp_path)
    _rewrite_manifest(folder, settings={"dimension": 4, "max_tokens": 256})
    with pytest.raises(ModelFolderInvalid, match="not 4 numbers"):
        OnnxEncoder.load(folder, 1).encode(["leave"])


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    """A reader's folder is no encoder."""
    folder = _copy_of_shipped(tmp_path)
    _rewrite_manifest(folder, kind="reader")
    with pytest.raises(ModelFolderInvalid, match="kind 'reader'"):
        OnnxEncoder.load(folder)
