"""What a step computes in PyTorch is no larger than weights, logits and attention scores."""

import math
import weakref

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import cases
import reference
import tree_pt as tree
from camembert_dual.pt.attention import attention_probabilities, relative_scores

B, T = 3, 11
LMS = ("CamembertForMaskedLM", "CamembertForCausalLM")


class Sizes(TorchDispatchMode):
    """The numbers in each new tensor; views are of the size of what they look into."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[int] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        known = {one.data_ptr() for one in args if isinstance(one, torch.Tensor)}
        for one in result if isinstance(result, tuple | list) else [result]:
            if isinstance(one, torch.Tensor) and one.data_ptr() not in known:
                self.found.add(one.numel())
        return result


def sizes_of_a_step(task: str, config, rows: int, length: int) -> set[int]:
    """The numbers in every tensor that a loss and its gradients make."""
    model = tree.new(task, config, cases.weights(config, task))
    ids = cases.generator("sizes").integers(6, config.vocab_size, (rows, length))
    with Sizes() as sizes:
        tree.gradients(model, {"input_ids": ids, "labels": ids})
    return sizes.found


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
    sizes = sizes_of_a_step(task, config, B, T)
    assert B * T * config.vocab_size in sizes  # the check sees the logits
    assert max(sizes) <= largest_of(config, B, T)


def test_the_causal_loss_does_not_cut_the_logits():
    config = cases.config("decoder", vocab_size=211)
    sizes = sizes_of_a_step("CamembertForCausalLM", config, B, T)
    assert B * (T - 1) * config.vocab_size not in sizes


@pytest.mark.parametrize("kind", ["relative_key", "relative_key_query"])
def test_relative_positions_make_no_table_of_all_pairs(kind):
    config = cases.config(
        position_embedding_type=kind, vocab_size=31, num_attention_heads=1, num_labels=3
    )
    length, size = 17, config.hidden_size
    sizes = sizes_of_a_step("CamembertForMaskedLM", config, 1, length)
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
    found = relative_scores(*map(torch.from_numpy, (query, key, near)), both)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_relative_scores_in_half_precision_are_finite():
    query, key = np.full((1, 1, 5, 64), 60, "f2"), np.full((1, 1, 5, 64), 40, "f2")
    table = np.full((9, 64), 30, "f2")
    given = [torch.from_numpy(one) for one in (query, key, table)]
    scores = relative_scores(*given, True)
    assert np.isfinite(np.asarray(scores)).all()
    np.testing.assert_allclose(scores, np.full((1, 1, 5, 5), 64 * (60 + 40) * 30 / 8), rtol=2e-3)
    found = attention_probabilities(given[0], given[1], None, scores)
    np.testing.assert_allclose(found, np.full((1, 1, 5, 5), 0.2), rtol=2e-3)


def test_the_encoder_keeps_what_is_asked_for_and_nothing_else():
    config = cases.config("crossed")
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE), "float32")
    states = torch.from_numpy(np.ones((2, 7, 24), "f4"))
    kept = ("caches", "hidden_states", "attentions", "cross_attentions")
    encoded = model.encoder(states)
    assert [getattr(encoded, name) for name in kept] == [None] * 4
    everything = {"use_cache": True, "output_attentions": True, "output_hidden_states": True}
    encoded = model.encoder(states, **everything)
    assert [len(getattr(encoded, name)) for name in kept] == [2, 3, 2, 2]


def test_a_layer_s_states_and_cache_are_gone_when_the_next_but_one_runs():
    config = cases.config("decoder", num_hidden_layers=5)
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE)).eval()
    made, alive = [], []

    def look(layer, given, output):
        alive.append(sum(one() is not None for one in made))
        made.extend(weakref.ref(one) for one in (output[0], *output[3]))

    for layer in model.encoder.layer:
        layer.register_forward_hook(look)
    with torch.no_grad():
        model(input_ids=torch.full((2, 7), 9), use_cache=False)
    assert alive == [0, 3, 3, 3, 3]
