"""What generation in PyTorch alone must show: steps, modes of modules, half precision."""

import numpy as np
import pytest
import torch

import cases
import generation_oracle as oracle
import tree_pt as tree
from tree_pt import generate

ENDLESS = {"eos_token_id": ()}


def test_each_step_reads_one_token():
    model, lengths = tree.built(oracle.TASK, "decoder"), []
    hook = model.roberta.embeddings.register_forward_pre_hook(
        lambda module, given: lengths.append(given[0].shape[1])
    )
    generate(model, oracle.batch(oracle.PROMPTS, 1), max_new_tokens=5, **ENDLESS)
    hook.remove()
    assert lengths == [4, 1, 1, 1, 1]


def test_a_model_in_training_generates_without_dropout_and_stays_in_training():
    config = cases.config("decoder", hidden_dropout_prob=0.5)
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK)).train()
    model.roberta.encoder.layer[1].eval()
    modes = [module.training for module in model.modules()]
    inputs = oracle.batch(oracle.PROMPTS, 1)
    np.testing.assert_array_equal(
        generate(model, inputs, max_new_tokens=6),
        generate(tree.built(oracle.TASK, "decoder"), inputs, max_new_tokens=6),
    )
    assert [module.training for module in model.modules()] == modes


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "options", [{}, {"num_beams": 3}, {"do_sample": True, "top_p": 0.9, "seed": 1}], ids=str
)
def test_half_precision_generates(dtype, options):
    config = cases.config("decoder")
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK)).to(dtype)
    inputs = oracle.batch(oracle.PROMPTS, 1)
    rows = generate(model, inputs, max_new_tokens=4, **ENDLESS, **options)
    assert rows.shape == (3, 8)
    assert ((rows >= 0) & (rows < config.vocab_size)).all()


def test_the_seed_of_the_framework_and_its_generators_control_the_draws():
    inputs = oracle.batch(oracle.PROMPTS, 1)
    model = tree.built(oracle.TASK, "decoder")
    options = {"max_new_tokens": 5, "do_sample": True, "temperature": 3.0, **ENDLESS}

    def texts(**more):
        return generate(model, inputs, **options, **more).tolist()

    torch.manual_seed(3)
    first = [texts(), texts()]
    torch.manual_seed(3)
    generate(model, inputs, max_new_tokens=5)  # draws nothing
    assert [texts(), texts()] == first
    assert first[0] != first[1]
    one, other = (torch.Generator().manual_seed(5) for _ in range(2))
    drawn = [texts(generator=one), texts(generator=one)]
    assert [texts(generator=other), texts(generator=other)] == drawn
    assert drawn[0] != drawn[1]
    with pytest.raises(ValueError, match="Generator; received int"):
        texts(generator=7)
