"""The learning rate's straight lines and the parameters that do not decay."""

import numpy as np
import pytest

from camembert_dual.training.schedules import linear_warmup_linear_decay, no_decay


@pytest.mark.parametrize(("warmup", "total"), [(0, 7), (1, 13), (11, 103), (102, 103)])
def test_the_multiplier_follows_two_straight_lines(warmup, total):
    corners = ([0, warmup, total], [0.0, 1.0, 0.0]) if warmup else ([0, total], [1.0, 0.0])
    steps = range(total + 5)
    found = [
        linear_warmup_linear_decay(step, warmup_steps=warmup, total_steps=total) for step in steps
    ]
    np.testing.assert_allclose(found, np.interp(steps, *corners), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("step", "warmup", "total", "message"),
    [
        (-1, 3, 5, "step must be at least 0; received -1"),
        (0, -1, 5, "warmup_steps must be at least 0 and below total_steps=5; received -1"),
        (0, 5, 5, "below total_steps=5; received 5"),
    ],
)
def test_wrong_steps_are_named(step, warmup, total, message):
    with pytest.raises(ValueError, match=message):
        linear_warmup_linear_decay(step, warmup_steps=warmup, total_steps=total)


@pytest.mark.parametrize(
    "name",
    [
        "roberta.embeddings.LayerNorm.weight",
        "roberta.embeddings.LayerNorm.bias",
        "roberta.encoder.layer.0.attention.self.query.bias",
        "roberta.encoder.layer.0.attention.output.LayerNorm.weight",
        "roberta.encoder.layer.11.output.dense.bias",
        "lm_head.layer_norm.weight",
        "lm_head.layer_norm.bias",
        "lm_head.bias",
        "classifier.out_proj.bias",
        "qa_outputs.bias",
    ],
)
def test_biases_and_layer_norms_do_not_decay(name):
    assert no_decay(name)


@pytest.mark.parametrize(
    "name",
    [
        "roberta.embeddings.word_embeddings.weight",
        "roberta.embeddings.position_embeddings.weight",
        "roberta.embeddings.token_type_embeddings.weight",
        "roberta.encoder.layer.0.attention.self.query.weight",
        "roberta.encoder.layer.11.intermediate.dense.weight",
        "roberta.pooler.dense.weight",
        "lm_head.dense.weight",
        "classifier.weight",
    ],
)
def test_matrices_decay(name):
    assert not no_decay(name)
