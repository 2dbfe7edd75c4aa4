"""What generation in PyTorch alone must show: steps, modes of modules, half precision."""

import threading
import time

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


class Slow(torch.nn.Identity):
    """Lets other threads run in the midst of a step."""

    def forward(self, hidden_states):
        time.sleep(0.002)
        return hidden_states


def test_threads_generate_while_another_trains():
    """Each sees its own mode: no text is changed by dropout, and no training step lacks it."""
    config = cases.config("decoder", hidden_dropout_prob=0.5)
    arrays = cases.weights(config, oracle.TASK)
    model = tree.new(oracle.TASK, config, arrays)
    inputs = oracle.batch(oracle.PROMPTS, 1)
    expected = generate(model, inputs, max_new_tokens=6, **ENDLESS)
    ids = torch.tensor(inputs["input_ids"])
    model.eval()
    still = model(input_ids=ids).logits
    model.train()
    model.roberta.embeddings.LayerNorm = torch.nn.Sequential(
        model.roberta.embeddings.LayerNorm, Slow()
    )
    modes = [module.training for module in model.modules()]
    texts, differences = [], []

    def write() -> None:
        texts.extend(generate(model, inputs, max_new_tokens=6, **ENDLESS) for _ in range(5))

    def train() -> None:
        while any(writer.is_alive() for writer in writers):
            logits = model(input_ids=ids).logits
            assert logits.requires_grad
            differences.append(float((logits - still).detach().abs().max()))

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    train()
    assert len(texts) == 15
    for text in texts:
        np.testing.assert_array_equal(text, expected)
    assert len(differences) > 3
    assert min(differences) > 1e-3
    assert [module.training for module in model.modules()] == modes


@pytest.mark.parametrize("kind", ["decoder", "decoder, relative_key"])
def test_dropout_of_attention_is_off_while_generating(kind):
    config = cases.config(kind, attention_probs_dropout_prob=0.9)
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK))
    inputs = oracle.batch(oracle.PROMPTS, 1)
    expected = generate(model.eval(), inputs, max_new_tokens=6, **ENDLESS)
    model.gradient_checkpointing_enable()
    found = generate(model.train(), inputs, max_new_tokens=6, **ENDLESS)
    np.testing.assert_array_equal(found, expected)


def test_a_model_compiled_while_it_trains_generates_without_dropout():
    config = cases.config("decoder", hidden_dropout_prob=0.5)
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK)).train()
    inputs = oracle.batch(oracle.PROMPTS, 1)
    expected = generate(model, inputs, max_new_tokens=6, **ENDLESS)
    dropout = model.roberta.embeddings.dropout
    dropout.compile(backend="eager", fullgraph=True)
    states = torch.ones(3, 4, config.hidden_size, dtype=torch.float64)
    assert (dropout(states) == 0).any()
    found = generate(model, inputs, max_new_tokens=6, **ENDLESS)
    np.testing.assert_array_equal(found, expected)
    assert (dropout(states) == 0).any()


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
