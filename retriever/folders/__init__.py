"""Encoders from folders of every kind: our own, and those of Sentence Transformers."""

from .loading import encoder_manifest, load_encoder

__all__ = ["encoder_manifest", "load_encoder"]
