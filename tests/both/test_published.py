"""What scripts ask of a model besides its output, counted anew from the table."""

import math

import numpy as np
import pytest

import cases
from backend import tree
from camembert_dual import CamembertConfig
from camembert_dual.parameters import parameters

COUNTED = ("plain", "untied", "crossed")


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("task", [cases.BARE, cases.MASKED, cases.CHOICE])
def test_weights_are_counted_once(task, name):
    config = cases.config(name)
    model = tree.model_class(task)(config)
    rows = parameters(config, task)
    count = sum(math.prod(one.shape) for one in rows)
    tables = sum(
        math.prod(one.shape) for one in rows if one.path.endswith("_embeddings/embeddings")
    )
    assert model.num_parameters() == count
    assert model.num_parameters(exclude_embeddings=True) == count - tables
    ids = tree.tensor(np.ones((3, 7), dtype="int32"))
    assert model.estimate_tokens({"input_ids": ids}) == 21
    assert model.estimate_tokens({"inputs_embeds": ids}) == 0
    assert model.floating_point_ops({"input_ids": ids}) == 6 * 21 * (count - tables)


@pytest.mark.parametrize("task", cases.TASKS)
def test_each_model_takes_its_dummy_inputs(task):
    model = tree.model_class(task)(cases.config())
    if task == cases.CHOICE and tree.NAME == "pt":
        with pytest.raises(ValueError, match="choices"):  # as transformers' have it
            model(**model.dummy_inputs)
        return
    assert len(tree.call(model, **model.dummy_inputs)) >= 1
    assert model.config_class is CamembertConfig
    assert (model.base_model_prefix, model.main_input_name) == ("roberta", "input_ids")
    assert model.framework == tree.NAME


def test_factors_of_heads_are_spread_over_layers():
    model = tree.model_class(cases.BARE)(cases.config())
    factors = np.array([1.0, 0.0, 0.5], dtype="float32")
    found = tree.as_array(model.get_head_mask(tree.tensor(factors), 2))
    np.testing.assert_array_equal(
        found, np.tile(factors[None, None, :, None, None], (2, 1, 1, 1, 1))
    )
    by_layer = np.stack([factors, factors[::-1]])
    found = tree.as_array(model.get_head_mask(tree.tensor(by_layer), 2, True))
    np.testing.assert_array_equal(found, by_layer[:, None, :, None, None, None])
    assert model.get_head_mask(None, 3) == [None, None, None]


def test_gradient_checkpointing_is_said():
    model = tree.model_class(cases.MASKED)(cases.config())
    assert not model.is_gradient_checkpointing
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={})
    assert model.is_gradient_checkpointing
    model.gradient_checkpointing_disable()
    assert not model.is_gradient_checkpointing


@pytest.mark.parametrize(
    ("count", "multiple", "rows"), [(102, 8, 104), (None, 7, 105), (99, 9, 99)]
)
def test_a_vocabulary_is_rounded_up(count, multiple, rows):
    model = tree.model_class(cases.MASKED)(cases.config())
    model.resize_token_embeddings(count, multiple)
    assert model.config.vocab_size == rows
    assert model.to_arrays()["lm_head.bias"].shape == (rows,)


@pytest.mark.parametrize("multiple", [0, -8, 2.5, True])
def test_a_multiple_that_is_none_is_refused(multiple):
    model = tree.model_class(cases.MASKED)(cases.config())
    with pytest.raises(ValueError, match=r"pad_to_multiple_of must be a whole number above 0; rec"):
        model.resize_token_embeddings(pad_to_multiple_of=multiple)


def test_a_decoder_may_be_given_to_a_head_that_is_not_tied():
    model, other = (tree.model_class(cases.MASKED)(cases.config("untied")) for _ in range(2))
    model.set_output_embeddings(other.get_output_embeddings())
    assert model.get_output_embeddings() is other.get_output_embeddings()
    np.testing.assert_array_equal(
        model.to_arrays()["lm_head.decoder.weight"], other.to_arrays()["lm_head.decoder.weight"]
    )
    bare = tree.model_class(cases.BARE)(cases.config())
    with pytest.raises(ValueError, match=r"must be set in a model with LM head; received none\."):
        bare.set_output_embeddings(other.get_output_embeddings())


def test_tags_are_added_once():
    model, other = (tree.model_class(cases.BARE)(cases.config()) for _ in range(2))
    model.add_model_tags("french")
    model.add_model_tags(["camembert", "french"])
    assert list(model.model_tags) == ["french", "camembert"]
    assert list(other.model_tags) == []


@pytest.mark.parametrize("task", [cases.SEQUENCE, cases.TOKEN, cases.QUESTION])
def test_a_head_knows_its_labels_as_losses_of_a_users_own_ask(task):
    config = cases.config(num_labels=2)
    assert tree.new(task, config, cases.weights(config, task), "float32").num_labels == 2
