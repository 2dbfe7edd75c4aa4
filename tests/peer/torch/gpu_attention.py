"""The package ``flash_attn`` itself, on a GPU: no part of ``make test-peer-torch``, which has none.

Run it where both are there::

    python -m pytest tests/peer/torch/gpu_attention.py
"""

import pytest
import torch

from camembert_dual import CamembertConfig, CamembertForCausalLM, CamembertForMaskedLM

SIZES = {"vocab_size": 101, "hidden_size": 192, "num_attention_heads": 3, "num_hidden_layers": 2}
HALVES = {torch.float16: 5e-3, torch.bfloat16: 4e-2}  # and how far rounding may lead


def outcome(way, dtype, mask, **options):
    """Logits and gradients of one call that attends in one way."""
    torch.manual_seed(0)
    config = CamembertConfig(**SIZES, attn_implementation=way, **options)
    model = CamembertForMaskedLM(config).to("cuda", dtype).eval()
    ids = torch.randint(5, 101, mask.shape, generator=torch.Generator().manual_seed(1)).cuda()
    labels = ids.where(mask.cuda() == 1, -100)
    output = model(ids, mask.cuda(), labels=labels)
    output.loss.backward()
    gradients = {name: one.grad.float() for name, one in model.named_parameters()}
    return output.logits.float(), gradients


def ragged():
    lengths = torch.tensor([37, 1, 64, 0, 12])
    return (torch.arange(64)[None, :] < lengths[:, None]).long()


@pytest.mark.parametrize("mask", [torch.ones(5, 64).long(), ragged(), ragged().flip(1)])
@pytest.mark.parametrize("dtype", HALVES)
def test_flash_attention_gives_what_the_plain_way_gives(dtype, mask):
    logits, gradients = outcome("eager", dtype, mask)
    found, found_gradients = outcome("flash_attention_2", dtype, mask)
    limit = HALVES[dtype] * logits.abs().max().item()
    torch.testing.assert_close(found, logits, rtol=0, atol=limit)
    limit = HALVES[dtype] * max(one.abs().max().item() for one in gradients.values())
    for name, expected in gradients.items():
        torch.testing.assert_close(found_gradients[name], expected, rtol=0, atol=limit, msg=name)


def test_a_decoder_generates_with_it():
    torch.manual_seed(0)
    config = CamembertConfig(**SIZES, is_decoder=True, attn_implementation="flash_attention_2")
    model = CamembertForCausalLM(config).to("cuda", torch.bfloat16).eval()
    prompts = torch.tensor([[1, 1, 5, 9], [5, 8, 7, 11]]).cuda()
    assert model.generate(prompts, max_new_tokens=5, eos_token_id=None).shape == (2, 9)
