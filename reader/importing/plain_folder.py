"""A checked model written as a folder of our own making, which the exports start from.

It holds a configuration of known keys, safetensors and one ``tokenizer.json``, and nothing that
came from the source unread. Needs the ``models`` extra (torch, transformers).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenizers.normalizers import Lowercase, Sequence

from answerable.index import read_tokenizer

from ..feeds import has_token_types
from .source_model import SourceModel
from .tokenizer_files import TOKENIZER_NAME, TokenizerFacts, write_tokenizer

_SPECIAL = {
    "cls_token": ("[CLS]", "<s>"),
    "mask_token": ("[MASK]", "<mask>"),
    "pad_token": ("[PAD]", "<pad>"),
    "sep_token": ("[SEP]", "</s>"),
    "unk_token": ("[UNK]", "<unk>"),
}


def write_plain_folder(
    model: SourceModel,
    source: Path,
    folder: Path,
    lower_case: bool | None,
    *,
    lower_first: bool = False,
) -> TokenizerFacts:
    """Write model and tokenizer into an empty folder.

    Args:
        model: as loaded from the source.
        source: the folder with the tokenizer's files.
        folder: exists.
        lower_case: what the user says of the tokenizer; None for what its files say.
        lower_first: lower-case texts before all else, as Sentence Transformers can.

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
    tokenizer = read_tokenizer(folder / TOKENIZER_NAME)
    if lower_first:
        steps = [Lowercase(), *([tokenizer.normalizer] if tokenizer.normalizer else [])]
        tokenizer.normalizer = Sequence(steps)
        tokenizer.save(str(folder / TOKENIZER_NAME))
    types = ["token_type_ids"] if has_token_types(model.model) else []
    settings: dict[str, object] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_input_names": ["input_ids", *types, "attention_mask"],
    }
    for key, tokens in _SPECIAL.items():
        known = [token for token in tokens if tokenizer.token_to_id(token) is not None]
        settings |= {key: known[0]} if known else {}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return facts


@contextmanager
def quiet_library() -> Iterator[None]:
    """Keep transformers from drawing bars of its own and from warning of what we check."""
    from transformers.utils import logging

    level, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if had_bars:
            logging.enable_progress_bar()
