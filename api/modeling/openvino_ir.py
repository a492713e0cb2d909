"""A model folder of an OpenVINO IR: the files as they are, a tokenizer and a manifest.

Nothing is converted, so that the INT8 codes of its tools stay what they were; the model is run
once, to see that it is a reader. Needs the extra ``openvino``, and no torch.
"""

import os
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from answerable.index import ModelFolderInvalid, ModelManifest, sha256_of_file, write_manifest
from answerable.reader.importing import NullAnswer, Prepared, write_tokenizer

if TYPE_CHECKING:
    from answerable.reader.openvino_session import OpenVinoSession

_TOKENIZER_NAME = "tokenizer.json"
_USUAL_MAX_SEQ_TOKENS = 384
_MAX_QUESTION_TOKENS = 64
_LEAST_PASSAGE = 3  # of a window is kept for the passage, however short the model's windows are
_SAMPLE_TOKENS = 16
_VERSIONS = ("answerable", "openvino", "tokenizers")


def write_ir_folder(
    prepared: Prepared,
    out: Path,
    *,
    source: str,
    kind: str,
    name: str,
    licence: str,
    null_answer: NullAnswer,
    max_seq_tokens: int | None,
    lower_case: bool | None,
    quantize: bool,
) -> ModelManifest:
    """Write the folder, which appears whole or not at all.

    Args:
        prepared: the folder with the IR and its vocabulary.
        out: must not exist yet, or be empty.
        source: the name of what was imported.
        kind: of the source, for people.
        name: of the model.
        licence: SPDX expression.
        null_answer: whether "no answer" was trained.
        max_seq_tokens: None for what the model takes, 384 at most.
        lower_case: None for what the vocabulary says.
        quantize: refused: an IR is run as it is.

    Raises:
        ModelFolderInvalid: the files are no reader that can be run.
    """
    from answerable.reader.openvino_session import OpenVinoSession
    from answerable.reader.sessions import IR_NAME, WEIGHTS_NAME

    if quantize:
        raise ModelFolderInvalid(
            "an OpenVINO IR is run as it is: leave out --quantize, and bring the INT8 IR for speed"
        )
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as work:
        folder = Path(work) / "model"
        folder.mkdir()
        for file in (IR_NAME, WEIGHTS_NAME):
            shutil.move(prepared.folder / file, folder / file)
        tokenizer = write_tokenizer(
            prepared.folder, folder / _TOKENIZER_NAME, None, None, lower_case=lower_case
        )
        session = OpenVinoSession(folder / IR_NAME, 1)
        longest = _checked_length(session.fixed_length, max_seq_tokens)
        _try(session, longest)
        manifest = ModelManifest(
            name=name,
            kind="reader",
            licence=licence,
            source=source,
            files={file.name: sha256_of_file(file) for file in sorted(folder.iterdir())},
            settings={
                "max_seq_tokens": longest,
                "max_question_tokens": min(_MAX_QUESTION_TOKENS, longest // _LEAST_PASSAGE),
                "null_answer": null_answer,
            },
            provenance={
                "source": source,
                "source_kind": kind,
                "source_files": {
                    name: sha256_of_file(path) for name, path in sorted(prepared.files.items())
                },
                "is_quantized": session.facts.is_quantized,
                "task": "reader",
                "tokenizer": {**asdict(tokenizer), "made_from": list(tokenizer.made_from)},
                "date": datetime.now(UTC).date().isoformat(),
                "versions": {name: version(name) for name in _VERSIONS},
            },
        )
        write_manifest(folder, manifest)
        os.replace(folder, out)  # onto an empty folder too
    return manifest


def _checked_length(length: int | None, wanted: int | None) -> int:
    """Return the tokens of a window: what the model takes, or what is wanted of that."""
    longest = length or wanted or _USUAL_MAX_SEQ_TOKENS
    if wanted is not None and not _SAMPLE_TOKENS <= wanted <= longest:
        raise ModelFolderInvalid(f"windows of {wanted} tokens cannot be: the model takes {longest}")
    return wanted or longest


def _try(session: "OpenVinoSession", longest: int) -> None:
    """Run the model on windows of a few low ids, and see that what it says depends on them."""
    from answerable.reader.windows import Window

    random = np.random.default_rng(0)
    windows = []
    for n_tokens in (min(_SAMPLE_TOKENS, longest), longest):
        ids = random.integers(0, _SAMPLE_TOKENS, n_tokens)
        types = (np.arange(n_tokens) > n_tokens // 2).astype(np.int64)
        windows.append(Window(0, ids, types, 0, (), np.ones(0, np.bool_), np.ones(0, np.bool_)))
    for window, (start, end) in zip(windows, session.logits(windows), strict=True):
        if start.shape != window.token_ids.shape or end.shape != start.shape:
            raise ModelFolderInvalid("the model does not give two logits for each token")
        if not np.isfinite(start).all() or not np.isfinite(end).all() or np.ptp(start) == 0:
            raise ModelFolderInvalid("the model's logits are no numbers, or all the same")
