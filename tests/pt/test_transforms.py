"""PyTorch's transforms of a call: many at once, shapes alone, graphs, derivatives again."""

import pytest
import torch
from torch.func import functional_call, grad, hessian, jvp, vmap
from torch.fx.experimental.proxy_tensor import make_fx

import cases
import tree_pt as tree
from camembert_dual import CamembertForSequenceClassification, CamembertModel

# PyTorch's own rules of forward mode, read when they are needed first
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is:DeprecationWarning")
IDS = torch.tensor([[5, 9, 33, 7, 4], [8, 71, 12, 1, 1], [6, 6, 90, 2, 1]])
MASK = (IDS != 1).long()
LABELS = torch.tensor([0, 4, 2])


def new(task: str = cases.SEQUENCE, **overrides):
    config = cases.config(**overrides)
    return tree.new(task, config, cases.weights(config, task))


def weights_of(model) -> dict[str, torch.Tensor]:
    return {name: weight.detach() for name, weight in model.named_parameters()}


def loss_of(model, weights, input_ids, mask, labels) -> torch.Tensor:
    arguments = (input_ids[None], mask[None])
    return functional_call(model, weights, arguments, {"labels": labels[None]}).loss


def test_the_gradients_of_single_texts_are_those_of_each_alone():
    model, weights = new(), weights_of(new())
    together = vmap(grad(lambda *args: loss_of(model, *args)), in_dims=(None, 0, 0, 0))
    found = together(weights, IDS, MASK, LABELS)
    for row in range(3):
        model.zero_grad()
        model(IDS[row : row + 1], MASK[row : row + 1], labels=LABELS[row : row + 1]).loss.backward()
        for name, weight in model.named_parameters():
            torch.testing.assert_close(found[name][row], weight.grad, rtol=0, atol=1e-10, msg=name)


def test_vmap_over_texts_gives_what_the_batch_gives():
    model = new()
    found = vmap(lambda ids, mask: model(ids[None], mask[None]).logits[0])(IDS, MASK)
    torch.testing.assert_close(found, model(IDS, MASK).logits, rtol=0, atol=1e-10)


def test_forward_mode_gives_the_slope_of_a_finite_difference():
    model = new(cases.BARE)
    embeds = torch.randn(2, 5, 24, dtype=torch.float64, generator=torch.manual_seed(3))
    way = torch.randn(2, 5, 24, dtype=torch.float64, generator=torch.manual_seed(4))

    def states(inputs_embeds):
        return model(inputs_embeds=inputs_embeds).last_hidden_state

    _, slope = jvp(states, (embeds,), (way,))
    difference = (states(embeds + 1e-5 * way) - states(embeds - 1e-5 * way)) / 2e-5
    torch.testing.assert_close(slope, difference, rtol=0, atol=1e-7)


def test_second_derivatives_are_those_of_finite_differences():
    model = new(cases.SEQUENCE, attn_implementation="eager")
    embeds = torch.randn(1, 2, 24, dtype=torch.float64, generator=torch.manual_seed(3))

    def score(inputs_embeds):
        return model(inputs_embeds=inputs_embeds).logits[0, 1]

    table = hessian(score)(embeds)[0, 1, 7]  # of one number and all: (1, 2, 24)
    step = torch.zeros_like(embeds)
    step[0, 1, 7] = 1e-5
    difference = (grad(score)(embeds + step) - grad(score)(embeds - step)) / 2e-5
    torch.testing.assert_close(table, difference, rtol=0, atol=1e-7)
    twice = embeds.clone().requires_grad_()
    (first,) = torch.autograd.grad(score(twice), twice, create_graph=True)
    (second,) = torch.autograd.grad(first[0, 1, 7], twice)
    torch.testing.assert_close(second, table, rtol=0, atol=1e-10)


def test_a_gradient_penalty_reaches_every_weight():
    model = new(cases.SEQUENCE, attn_implementation="eager")
    loss = model(IDS, MASK, labels=LABELS).loss
    first = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
    sum(torch.square(one).sum() for one in first).backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())
    assert any(weight.grad.abs().sum() > 0 for weight in model.parameters())


def test_a_model_of_shapes_alone_answers_shapes():
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

    with FakeTensorMode():
        model = CamembertForSequenceClassification(cases.config())
        input_ids = torch.zeros(3, 7, dtype=torch.long)
        output = model(input_ids, torch.ones_like(input_ids), labels=torch.zeros(3).long())
        assert isinstance(output.logits, FakeTensor)
        assert (output.logits.shape, output.loss.shape) == ((3, 5), ())
    real = new()
    with FakeTensorMode(allow_non_fake_inputs=True):
        assert isinstance(real(IDS, MASK).logits, FakeTensor)


@pytest.mark.parametrize("mode", ["real", "fake", "symbolic"])
def test_make_fx_records_a_call_that_gives_the_same(mode):
    model = new()

    def run(weights, input_ids, mask):
        return functional_call(model, weights, (input_ids, mask)).logits

    weights = weights_of(model)
    graph = make_fx(run, tracing_mode=mode)(weights, IDS, MASK)
    other = (IDS.flip(0), MASK.flip(0))
    expected = model(*other).logits
    torch.testing.assert_close(graph(weights, *other), expected, rtol=0, atol=1e-12)
    if mode == "symbolic":  # the shapes are no numbers in it
        short = (IDS[:2, :3], MASK[:2, :3])
        expected = model(*short).logits
        torch.testing.assert_close(graph(weights, *short), expected, rtol=0, atol=1e-12)


def test_values_are_checked_where_nothing_transforms_the_call():
    model = new()
    bad = IDS.clone()
    bad[0, 0] = 101
    with pytest.raises(ValueError, match=r"input_ids must be in \[0, 101\)"):
        model(bad)
    with torch.inference_mode():
        assert model(IDS, MASK).logits.is_inference()
        with pytest.raises(ValueError, match=r"input_ids must be in \[0, 101\)"):
            model(bad)


def test_a_model_on_the_meta_device_gets_weights_later():
    with torch.device("meta"):
        model = CamembertModel(cases.config())
    assert model(torch.zeros(2, 3, dtype=torch.long, device="meta")).last_hidden_state.is_meta
    source = new(cases.BARE).float()
    model.to_empty(device="cpu")
    model.load_state_dict(source.state_dict())
    found, expected = model.eval()(IDS, MASK)[0], source(IDS, MASK)[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    model.load_state_dict(source.state_dict(), assign=True)
    torch.testing.assert_close(model(IDS, MASK)[0], expected, rtol=0, atol=0)
