"""What a step computes is no larger than weights, logits and attention scores."""

import math

import numpy as np
import pytest

import cases
import reference
from backend import tree

B, T = 3, 11
LMS = ("CamembertForMaskedLM", "CamembertForCausalLM")


def largest_of(config, rows: int, length: int) -> int:
    """Numbers in the largest of weights, logits, feed-forward states and relative scores."""
    return max(
        config.vocab_size * config.hidden_size,
        config.intermediate_size * config.hidden_size,
        (2 * config.max_position_embeddings - 1) * config.head_size,
        rows * length * config.vocab_size,
        rows * length * config.intermediate_size,
        rows * config.num_attention_heads * length * 2 * length,
    )


@pytest.mark.parametrize("task", LMS)
def test_a_language_model_makes_nothing_larger_than_its_logits(task):
    config = cases.config("decoder" if task.endswith("CausalLM") else "plain", vocab_size=211)
    sizes = tree.sizes_of_a_step(task, config, B, T)
    assert B * T * config.vocab_size in sizes  # the check sees the logits
    assert max(sizes) <= largest_of(config, B, T)


def test_the_causal_loss_does_not_cut_the_logits():
    config = cases.config("decoder", vocab_size=211)
    sizes = tree.sizes_of_a_step("CamembertForCausalLM", config, B, T)
    assert B * (T - 1) * config.vocab_size not in sizes


@pytest.mark.parametrize("kind", ["relative_key", "relative_key_query"])
def test_relative_positions_make_no_table_of_all_pairs(kind):
    config = cases.config(
        position_embedding_type=kind, vocab_size=31, num_attention_heads=1, num_labels=3
    )
    length, size = 17, config.hidden_size
    sizes = tree.sizes_of_a_step("CamembertForMaskedLM", config, 1, length)
    assert max(sizes) < length * length * size
    assert max(sizes) <= largest_of(config, 1, length)


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 7), (3, 7), (7, 7)])
def test_relative_scores_of_any_lengths_equal_the_oracle(queries, keys, both):
    draw = cases.generator("shifts", queries, keys).normal
    query, key, table = (
        draw(size=(2, 3, queries, 8)),
        draw(size=(2, 3, keys, 8)),
        draw(size=(37, 8)),
    )
    expected = reference.distance_scores(query, key, table, both) / math.sqrt(8)
    near = table[18 - queries + 1 : 18 + keys]  # row 18 is the distance 0
    given = (tree.as_tensor(one, "float64") for one in (query, key, near))
    found = tree.attention.relative_scores(*given, both)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_relative_scores_in_half_precision_are_finite():
    query, key = np.full((1, 1, 5, 64), 60, "f2"), np.full((1, 1, 5, 64), 40, "f2")
    table = np.full((9, 64), 30, "f2")
    given = [tree.as_tensor(one, "float16") for one in (query, key, table)]
    scores = tree.attention.relative_scores(*given, True)
    assert np.isfinite(np.asarray(scores)).all()
    np.testing.assert_allclose(scores, np.full((1, 1, 5, 5), 64 * (60 + 40) * 30 / 8), rtol=2e-3)
    found = tree.attention.attention_probabilities(given[0], given[1], None, scores)
    np.testing.assert_allclose(found, np.full((1, 1, 5, 5), 0.2), rtol=2e-3)


def test_the_encoder_keeps_what_is_asked_for_and_nothing_else():
    config = cases.config("crossed")
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE), "float32")
    states = tree.as_tensor(np.ones((2, 7, 24)), "float32")
    kept = ("caches", "hidden_states", "attentions", "cross_attentions")
    encoder = tree.backbone_of(model).encoder
    encoded = encoder(states)
    assert [getattr(encoded, name) for name in kept] == [None] * 4
    everything = {"use_cache": True, "output_attentions": True, "output_hidden_states": True}
    encoded = encoder(states, encoder_hidden_states=states, **everything)
    assert [len(getattr(encoded, name)) for name in kept] == [2, 3, 2, 2]
