"""What models need of the machine and the libraries that run them."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.index import (
    ModelFolderInvalid,
    available_cores,
    onnx_errors,
    read_tokenizer,
    without_surrogates,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_every_code_point_keeps_its_place(text: str) -> None:
    """Surrogates are replaced one for one; nothing else is changed."""
    plain = without_surrogates(text)
    assert len(plain) == len(text)
    plain.encode()
    assert all(a == b or "\ud800" <= a <= "\udfff" for a, b in zip(text, plain, strict=True))


def test_a_pair_of_surrogates_stays_two() -> None:
    """Two halves side by side are two code points in Python, before and after."""
    assert without_surrogates("\ud83d\ude00 abc") == "\ufffd\ufffd abc"


def test_what_onnx_runtime_raises() -> None:
    """A file that is missing, damaged or no model: every error is one of the listed."""
    names = {each.__name__ for each in onnx_errors()}
    assert {"Fail", "InvalidArgument", "InvalidProtobuf", "NoSuchFile"} <= names
    assert all(each.__module__.startswith("onnxruntime") for each in onnx_errors())


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 100_000])
def test_a_broken_tokenizer_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, or if there is none."""
    path = tmp_path / "tokenizer.json"
    with pytest.raises(ModelFolderInvalid, match="cannot read the tokenizer"):
        read_tokenizer(path)
    path.write_bytes(content)
    with pytest.raises(ModelFolderInvalid, match="cannot read the tokenizer"):
        read_tokenizer(path)


def test_cores_are_those_of_this_process() -> None:
    """A process that may use one core only counts one."""
    assert available_cores() >= 1
    if sys.platform == "linux":
        code = (
            "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1]);"
            "from answerable.index import available_cores; print(available_cores())"
        )
        said = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert said.stdout == "1\n"


def test_the_index_imports_no_runtime() -> None:
    """Who only looks into an index pays for no model's library."""
    code = (
        "import sys, answerable.index;"
        "print([n for n in ('onnxruntime', 'tokenizers') if n in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
