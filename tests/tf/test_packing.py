"""Packing in graphs: of any sizes, at run time, but not where XLA wants to know them."""

import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual.tf import packing

SPEC = tf.TensorSpec((None, None), tf.int32)


@pytest.fixture
def packings(monkeypatch):
    shapes, arranged = [], packing.arranged

    def seen(is_token, *others):
        shapes.append(tuple(is_token.shape))
        return arranged(is_token, *others)

    monkeypatch.setattr(packing, "arranged", seen)
    return shapes


def batch(rows, length, *lengths):
    random = cases.generator("graph", rows, length)
    ids = cases.ids(cases.config(), random, rows, length)
    mask = (np.arange(length) < np.array(lengths)[:, None]).astype(np.int32)
    return tf.constant(np.where(mask, ids, 1), tf.int32), tf.constant(mask)


def test_one_graph_packs_batches_of_any_sizes_and_leaves_full_ones_as_they_are(packings):
    model = tree.built(cases.MASKED, "plain")
    graph = tf.function(lambda ids, mask: model(ids, mask).logits, input_signature=[SPEC, SPEC])
    for sizes in [(3, 7, 7, 3, 1), (2, 9, 9, 9), (4, 5, 0, 5, 2, 2), (1, 6, 2)]:
        ids, mask = batch(*sizes)
        expected = model(ids, mask, output_attentions=True).logits
        np.testing.assert_allclose(graph(ids, mask), expected, rtol=0, atol=1e-10)
    assert packings == [(None, None)]


@pytest.mark.parametrize("nested", [False, True])
def test_xla_computes_the_padded_batch(nested, packings):
    model = tree.built(cases.MASKED, "plain")
    ids, mask = batch(3, 7, 7, 3, 1)

    def call(ids, mask):
        return model(ids, mask).logits

    inner = tf.function(call) if nested else call
    compiled = tf.function(lambda *inputs: inner(*inputs), jit_compile=True)
    found = compiled(ids, mask)
    assert not packings
    np.testing.assert_allclose(found, model(ids, mask).logits, rtol=0, atol=1e-10)


def test_the_sizes_that_are_known_stay_known(packings):
    model = tree.built(cases.MASKED, "plain")
    spec = tf.TensorSpec((3, 7), tf.int32)
    graph = tf.function(lambda ids, mask: model(ids, mask).logits, input_signature=[spec, spec])
    shape = graph.get_concrete_function().structured_outputs.shape
    assert shape == (3, 7, cases.config().vocab_size)
    assert packings
