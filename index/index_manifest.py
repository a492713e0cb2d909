"""What an index says of itself, and whether this program can use it."""

from pathlib import Path

from .documents import SPLITTER_VERSION
from .errors import IndexModelMismatch
from .storage.schema import SCHEMA_VERSION
from .types import Encoder, IndexManifest


def manifest_for(encoder: Encoder) -> IndexManifest:
    """Return what an index made now with ``encoder`` says of itself."""
    return IndexManifest(
        encoder_name=encoder.name,
        encoder_sha256=encoder.sha256,
        dimension=encoder.dimension,
        splitter_version=SPLITTER_VERSION,
        schema_version=SCHEMA_VERSION,
    )


def check_manifest(folder: Path, stored: IndexManifest, expected: IndexManifest) -> None:
    """Refuse an index whose vectors or tables are not what this program expects.

    Raises:
        IndexModelMismatch: with both sides and the command that mends it.
    """
    if stored.schema_version > SCHEMA_VERSION:
        raise IndexModelMismatch(
            f"the index {folder} was written by a newer Answerable (schema "
            f"{stored.schema_version}, this one knows {SCHEMA_VERSION}): upgrade Answerable"
        )
    remedy = "embed its documents again with `answerable ingest --rebuild PATH`"
    if (stored.encoder_sha256, stored.dimension) != (expected.encoder_sha256, expected.dimension):
        raise IndexModelMismatch(
            f"the index {folder} was made with the model {_model(stored)}, and this is "
            f"{_model(expected)}: use that model, or {remedy}"
        )
    if stored.splitter_version != expected.splitter_version:
        raise IndexModelMismatch(
            f"the index {folder} was cut by splitter {stored.splitter_version}, and this is "
            f"splitter {expected.splitter_version}: {remedy}"
        )


def _model(manifest: IndexManifest) -> str:
    return f"{manifest.encoder_name} ({manifest.encoder_sha256[:12]}, {manifest.dimension} wide)"
