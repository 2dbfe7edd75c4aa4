"""One graph for all lengths: ``torch.compile(fullgraph=True)``, ``export``, ``jit.trace``."""

import pytest
import torch
from torch._dynamo.testing import CompileCounter
from torch.export import Dim

import cases
from camembert_dual import CamembertForCausalLM, CamembertForMaskedLM, CamembertModel

LENGTHS = (7, 5, 11)


def inputs_of(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(length)
    input_ids = torch.randint(3, 101, (2, length), generator=generator)
    attention_mask = torch.ones_like(input_ids)
    attention_mask[0, length - 2 :] = 0
    return input_ids, attention_mask


@pytest.fixture(autouse=True)
def forget_other_compilations():
    """PyTorch counts those of all models of a class together."""
    torch.compiler.reset()


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


def test_a_model_compiled_for_all_lengths_is_compiled_once(model):
    counter = CompileCounter()
    compiled = torch.compile(model, fullgraph=True, dynamic=True, backend=counter)
    with torch.no_grad():
        for rows, length in ((2, 7), (3, 5), (5, 11), (4, 17)):
            input_ids = torch.full((rows, length), 9)
            compiled(input_ids, torch.ones_like(input_ids))
    assert counter.frame_count == 1


def test_an_exported_model_has_its_batch_and_length_open(model, tmp_path):
    batch, length = Dim("batch", min=2, max=64), Dim("length", min=2, max=17)
    shapes = ({0: batch, 1: length},) * 2
    exported = torch.export.export(model, inputs_of(7), dynamic_shapes=shapes)
    torch.export.save(exported, tmp_path / "model.pt2")
    loaded = torch.export.load(tmp_path / "model.pt2").module()
    for size in LENGTHS:
        arguments = tuple(torch.cat([one, one[:1]]) for one in inputs_of(size))
        ours, plain = loaded(*arguments), model(*arguments)
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
@pytest.mark.filterwarnings("ignore:`torch.jit.(save|load)`:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning:torch")
def test_a_traced_model_computes_the_same_for_every_length(model, tmp_path):
    model.config.return_dict = False  # a trace answers tensors and tuples alone
    torch.jit.save(torch.jit.trace(model, inputs_of(LENGTHS[0]), strict=True), tmp_path / "m.pt")
    traced = torch.jit.load(tmp_path / "m.pt")
    for length in LENGTHS:
        ours, plain = traced(*inputs_of(length))[0], model(*inputs_of(length))[0]
        torch.testing.assert_close(ours, plain, rtol=0, atol=1e-6)
