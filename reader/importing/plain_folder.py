"""A checked model written as a folder of our own making, which the exports start from.

It holds a configuration of known keys, safetensors and one ``tokenizer.json``, and nothing that
came from the source unread. Needs the ``models`` extra (torch, transformers).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .source_model import SourceModel
from .tokenizer_files import TOKENIZER_NAME, TokenizerFacts, write_tokenizer


def write_plain_folder(
    model: SourceModel, source: Path, folder: Path, lower_case: bool | None
) -> TokenizerFacts:
    """Write model and tokenizer into an empty folder.

    Args:
        model: as loaded from the source.
        source: the folder with the tokenizer's files.
        folder: exists.
        lower_case: what the user says of the tokenizer; None for what its files say.

    Raises:
        ModelFolderInvalid: the tokenizer cannot be read, or does not fit the model.
    """
    facts = write_tokenizer(
        source,
        folder / TOKENIZER_NAME,
        model.config.architecture,
        model.config.vocab_size,
        lower_case=lower_case,
    )
    with quiet_library():
        model.model.save_pretrained(folder)
    special = {"tokenizer_class": "PreTrainedTokenizerFast", "mask_token": facts.mask_token}
    (folder / "tokenizer_config.json").write_text(json.dumps(special), encoding="utf-8")
    return facts


@contextmanager
def quiet_library() -> Iterator[None]:
    """Keep transformers from drawing bars of its own and from warning of what we check."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        logging.enable_progress_bar()
