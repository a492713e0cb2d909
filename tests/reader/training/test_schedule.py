"""The learning rate over steps and layers."""

import pytest

from answerable.reader.training.options import OptimizerSpec
from answerable.reader.training.schedule import layer_factor, learning_rate, n_layers_of


def test_learning_rate_warms_up_holds_and_decays() -> None:
    """Steps 1 to 10 rise, the middle is flat, the last half falls to nearly zero."""
    spec = OptimizerSpec(max_steps=100, learning_rate=1.0, warmup_steps=10, decay_share=0.5)
    rates = [learning_rate(step, spec) for step in (1, 10, 50, 51, 76, 100)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 1.0, 0.5, 0.02])


def test_layers_far_from_the_head_learn_slower() -> None:
    """The head learns in full, the embeddings least, and a decay of 1 changes nothing."""
    names = [
        "qa_outputs.weight",
        "bert.encoder.layer.5.output.dense.weight",
        "bert.encoder.layer.0.output.dense.weight",
        "bert.embeddings.word_embeddings.weight",
    ]
    factors = [layer_factor(name, 6, 0.5) for name in names]
    assert factors == [1.0, 0.5, 0.5**6, 0.5**7]
    assert {layer_factor(name, 6, 1.0) for name in names} == {1.0}


def test_layers_are_known_in_every_family() -> None:
    """Whatever a family calls its parts: head, layers from the top, embeddings."""
    head = ["qa_outputs.bias", "bert.encoder.ln.weight"]
    top = ["distilbert.transformer.layer.1.ffn.lin1.weight", "deberta.encoder.layer.1.output.bias"]
    bottom = [
        "electra.embeddings_project.weight",
        "roberta.embeddings.word_embeddings.weight",
        "deberta.encoder.rel_embeddings.weight",
        "deberta.encoder.LayerNorm.weight",
        "deberta.encoder.conv.conv.weight",
    ]
    for names, expected in ((head, 1.0), (top, 0.5), (bottom, 0.5**3)):
        assert {name: layer_factor(name, 2, 0.5) for name in names} == dict.fromkeys(
            names, expected
        )
    assert n_layers_of([*head, *top, *bottom, top[0].replace(".1.", ".0.")]) == 2
