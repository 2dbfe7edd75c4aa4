"""One graph for all lengths: ``torch.compile(fullgraph=True)`` and ``torch.jit.trace``."""

import pytest
import torch

import cases
from camembert_dual import CamembertForCausalLM, CamembertForMaskedLM, CamembertModel

LENGTHS = (7, 5, 11)


def inputs_of(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(length)
    input_ids = torch.randint(3, 101, (2, length), generator=generator)
    attention_mask = torch.ones_like(input_ids)
    attention_mask[0, length - 2 :] = 0
    return input_ids, attention_mask


@pytest.fixture(params=[CamembertModel, CamembertForMaskedLM, CamembertForCausalLM])
def model(request):
    decodes = request.param is CamembertForCausalLM
    config = cases.config().replaced(is_decoder=decodes, use_cache=False)
    return request.param(config).eval()


def test_a_compiled_model_is_one_graph_and_computes_the_same(model):
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    with torch.no_grad():
        for length in LENGTHS:
            ours, plain = compiled(*inputs_of(length)), model(*inputs_of(length))
            assert type(ours) is type(plain)
            torch.testing.assert_close(ours[0], plain[0], rtol=0, atol=1e-6)


def test_a_compiled_training_step_has_the_same_gradients():
    model = CamembertForMaskedLM(cases.config()).eval()
    input_ids, attention_mask = inputs_of(7)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    gradients = []
    for one in (model, compiled):
        model.zero_grad()
        one(input_ids, attention_mask, labels=input_ids).loss.backward()
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, rtol=0, atol=1e-6, msg=name)


def test_a_compiled_model_refuses_a_text_over_the_limit():
    model = CamembertModel(cases.config()).eval()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    limit = model.config.max_sequence_length
    with pytest.raises(Exception, match=f"at most {limit} tokens"):
        compiled(torch.full((1, limit + 1), 5))


@pytest.mark.filterwarnings("ignore:`torch.jit.trace:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning:torch")
def test_a_traced_model_computes_the_same_for_every_length(model):
    model.config.return_dict = False
    traced = torch.jit.trace(model, inputs_of(LENGTHS[0]))
    for length in LENGTHS:
        ours, plain = traced(*inputs_of(length))[0], model(*inputs_of(length))[0]
        torch.testing.assert_close(ours, plain, rtol=0, atol=1e-6)
