"""Against transformers 4.34.0: greedy texts, and beam search with its scores and its stopping."""

import numpy as np
import pytest
import torch
import transformers

import cases
import generation_oracle as oracle
import tree_pt as tree

LIMIT = 9


@pytest.fixture(scope="module", params=["decoder", "decoder, relative_key"])
def both(request):
    """Ours and theirs.

    No padding is ever probable, as the peer numbers positions after it oddly; no encoder states,
    as its ``generate`` passes them over.
    """
    config = cases.config(request.param)
    arrays = cases.weights(config, oracle.TASK)
    arrays["lm_head.bias"][config.pad_token_id] = -1e3
    values = transformers.CamembertConfig(**config.to_dict())
    peer = transformers.CamembertForCausalLM(values).double().eval()
    states = {name: torch.tensor(array) for name, array in arrays.items()}
    states |= {"lm_head.decoder.bias": states["lm_head.bias"]}
    states["lm_head.decoder.weight"] = states["roberta.embeddings.word_embeddings.weight"]
    assert not peer.load_state_dict(states, strict=False).unexpected_keys
    return tree.new(oracle.TASK, config, arrays), peer


def compare(both, ends, **options):
    ours, peer = both
    random = cases.generator("peer", "prompts")
    prompts = torch.tensor(random.integers(6, 101, (7, 4)))
    actual = ours.generate(prompts, max_new_tokens=LIMIT, eos_token_id=ends, **options)
    expected = peer.generate(
        prompts,
        attention_mask=torch.ones_like(prompts),
        max_new_tokens=LIMIT,
        eos_token_id=list(ends),
        pad_token_id=ours.config.pad_token_id,
        **options,
    )
    np.testing.assert_array_equal(actual.numpy(), expected.numpy())


@pytest.mark.parametrize("ends", [(12,), (7, 12, 40)], ids=str)
def test_greedy_texts_are_those_of_the_peer(both, ends):
    compare(both, ends)


@pytest.mark.parametrize("early", [False, True, "never"])
@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.5, -1.0])
@pytest.mark.parametrize("width", [2, 5])
def test_beam_search_gives_the_texts_of_the_peer(both, width, penalty, early):
    compare(both, (12,), num_beams=width, length_penalty=penalty, early_stopping=early)


@pytest.mark.parametrize("width", [3, 4])
def test_a_search_that_hardly_ends_gives_the_texts_of_the_peer(both, width):
    compare(both, (2,), num_beams=width)
