"""Against transformers, old and new: its PyTorch models, in float64, stage by stage."""

import numpy as np
import pytest
import torch
import transformers

import cases
import reference
import tree_pt as tree

OLD = transformers.__version__ == "4.34.0"
transformers.logging.set_verbosity_error()

# Where 4.34.0 cannot do what its page says; here it works, and the NumPy oracle proves it.
CANNOT = {
    "pruned heads and a head mask": "multiplies the whole mask onto the heads that are left",
    "pruned heads and a flat head mask": "multiplies the whole mask onto the heads that are left",
    "crossed, pruned": "multiplies the whole mask onto the heads that are left",
    "cached, relative_key": "gives all of several new tokens the position of the last",
}


def theirs(task: str, config, dtype=torch.float64):
    """The peer's model with the weights of the cases."""
    labels = 2 if task == cases.QUESTION else config.num_labels  # one for starts, one for ends
    values = config.to_dict() | {"num_labels": labels}
    values.pop("id2label", None)
    values.pop("label2id", None)
    if not OLD:
        values["attn_implementation"] = "eager"
    model = getattr(transformers, task)(transformers.CamembertConfig(**values)).to(dtype).eval()
    arrays = cases.weights(config, task)
    states = {name: torch.tensor(array, dtype=dtype) for name, array in arrays.items()}
    gaps = model.load_state_dict(states, strict=False)
    aliases = {"lm_head.decoder.weight", "lm_head.decoder.bias"}
    assert not gaps.unexpected_keys
    buffers = {name for name in gaps.missing_keys if name.endswith("_ids")}
    assert set(gaps.missing_keys) - buffers <= aliases
    if hasattr(model, "lm_head"):
        with torch.no_grad():
            model.lm_head.decoder.bias.copy_(states["lm_head.bias"])
            if config.tie_word_embeddings:
                table = states["roberta.embeddings.word_embeddings.weight"]
                model.lm_head.decoder.weight.copy_(table)
    return model


def supported(task: str, case: cases.Case) -> bool:
    """Whether the peer offers this call at all."""
    if case.name in CANNOT:
        return False
    if task == cases.CHOICE and case.name == "a mask for every query":
        return False  # flattened as if it had two dimensions
    if OLD:
        return True
    kind = cases.CONFIGS[case.config]
    gone = {"pruned_heads", "position_embedding_type"} & set(kind)
    removed = ("head mask", "mask for every query", "cached")
    return not gone and not any(words in case.name for words in removed)


CALLS = tuple((task, case) for task, case in cases.CALLS if supported(task, case))


@pytest.mark.parametrize(("task", "case"), CALLS, ids=cases.call_name)
def test_every_stage_of_a_call_equals_theirs(task, case):
    inputs = cases.inputs(task, case)
    expected = stages_of_theirs(theirs(task, cases.config(case.config)), inputs)
    actual = tree.outcome(task, case)
    expected = {name: expected[name] for name in actual}
    assert reference.first_difference(expected, actual, 1e-10) is None


if OLD:

    @pytest.mark.parametrize("name", CANNOT)
    def test_what_theirs_cannot_do_it_still_cannot(name):
        case = cases.case(name)
        model = theirs(cases.BARE, cases.config(case.config))
        inputs = cases.inputs(cases.BARE, case)
        if "all of several" not in CANNOT[name]:
            with pytest.raises(RuntimeError, match="must match the size"):
                stages_of_theirs(model, inputs)
            return
        expected, actual = stages_of_theirs(model, inputs), tree.outcome(cases.BARE, case)
        first = {"attentions.0": expected["attentions.0"]}
        assert reference.first_difference(first, {"attentions.0": actual["attentions.0"]}, 1e-3)


@pytest.mark.parametrize("loss", cases.LOSSES, ids=str)
def test_a_loss_equals_theirs(loss):
    config, inputs = cases.loss_call(loss)
    arrays = cases.weights(config, loss.task)
    expected = stages_of_theirs(theirs(loss.task, config), inputs)["loss"]
    actual = tree.run(tree.new(loss.task, config, arrays), inputs)["loss"]
    if loss.name in ("no label", "all beyond the text"):
        assert np.isnan(expected)  # theirs divides zero by zero
        assert actual == 0.0
        return
    # the newest release takes the causal loss in single precision whatever the logits are
    tolerance = 1e-6 if loss.task == cases.CAUSAL and not OLD else 1e-10
    assert reference.first_difference({"loss": expected}, {"loss": actual}, tolerance) is None


@pytest.mark.parametrize("training", cases.TRAININGS, ids=str)
def test_the_gradient_of_every_weight_equals_theirs(training):
    config, inputs = cases.training_call(training)
    if not OLD and (config.pruned_heads or config.position_embedding_type != "absolute"):
        config = cases.config(**{**training.loss.config, "pruned_heads": {}})
        config.position_embedding_type = "absolute"
    task = training.loss.task
    arrays = cases.weights(config, task)
    _, actual = tree.gradients(tree.new(task, config, arrays), inputs)
    model = theirs(task, config)
    if task.endswith("LM") and config.tie_word_embeddings:
        model.lm_head.decoder.weight = model.roberta.embeddings.word_embeddings.weight
    if task.endswith("LM"):
        model.lm_head.decoder.bias = model.lm_head.bias
    _, expected = tree.gradients(model, inputs)
    words = "roberta.embeddings.word_embeddings.weight"  # the newest finds it in the head first
    expected.setdefault(words, expected.get("lm_head.decoder.weight"))
    expected = {name: expected[name] for name in actual}
    tolerance = 1e-5 if task == cases.CAUSAL and not OLD else 1e-10  # see the loss above
    assert reference.first_difference(expected, actual, tolerance) is None


def stages_of_theirs(model, inputs):
    given = {name: tree.as_tensor(value, "float64") for name, value in inputs.items()}
    with torch.no_grad():
        output = dict(model(**given, **cases.ALL_OUTPUTS).items())
    for name in ("past_key_values", "cache"):  # as the newest has called it since 5.24
        if name in output and not OLD:
            output["past_key_values"] = tensors_of(output.pop(name))
    return cases.stages(output, tree.as_array)


def tensors_of(cache):
    """The keys and values of the newest library's cache objects, layer by layer."""
    names = ("self_attention_cache", "cross_attention_cache")
    parts = [getattr(cache, name, None) for name in names]
    parts = [part for part in parts if part is not None] or [cache]
    filled = [part for part in parts if part.get_seq_length()]
    layers = range(len(filled[0].layers))
    return tuple(
        tuple(tensor for part in filled for tensor in (part.layers[n].keys, part.layers[n].values))
        for n in layers
    )
