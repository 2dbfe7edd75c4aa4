"""Against transformers 4.34.0: constraints fed the same tokens, streamers given the same texts."""

import numpy as np
import pytest
import torch
import transformers

import camembert_dual

PHRASES = ([1, 2, 1], [[3, 1], [2, 2], [1, 3, 3]], [2], [[3, 2, 1], [1, 1]])


def made(module, phrases):
    return [
        module.DisjunctiveConstraint(one)
        if isinstance(one[0], list)
        else module.PhrasalConstraint(one)
        for one in phrases
    ]


@pytest.mark.parametrize("seed", range(30))
def test_machines_answer_as_the_peers(seed):
    random = np.random.default_rng(seed)
    phrases = [PHRASES[place] for place in random.permutation(4)[: 1 + seed % 4]]
    tokens = random.integers(0, 4, 25).tolist()
    states = [
        module.ConstraintListState(made(module, phrases))
        for module in (camembert_dual, transformers)
    ]
    for length, token in enumerate(tokens, 1):
        own, peer = states
        assert own.advance() == peer.advance()
        assert own.add(token) == peer.add(token)
        assert (own.completed, own.get_bank()) == (peer.completed, peer.get_bank())
        for module, state in zip((camembert_dual, transformers), states, strict=True):
            anew = module.ConstraintListState(made(module, phrases))
            anew.reset(tokens[:length])
            assert anew.get_bank() == state.get_bank()


TEXTS = (
    "Le camembert est bon .\nIl coule , ou il a été mis au froid .",
    "日本語 と français",
    "\n\n",
    "mot",
)


class Bytes:
    """A tokenizer whose tokens are bytes, so that a letter may come in parts."""

    def decode(self, tokens, errors="replace"):
        return bytes(tokens).decode(errors=errors)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("skip_prompt", [False, True])
def test_streamers_give_the_pieces_of_the_peers(text, skip_prompt):
    found = []
    for module in (camembert_dual, transformers):
        streamer = module.TextIteratorStreamer(Bytes(), skip_prompt=skip_prompt, errors="ignore")
        for _ in range(2):
            tokens = torch.tensor(list(text.encode()))
            streamer.put(tokens[None, :3])
            for token in tokens[3:]:
                streamer.put(token[None])
            streamer.end()
        found.append([list(streamer), list(streamer)])
    assert found[0] == found[1]
