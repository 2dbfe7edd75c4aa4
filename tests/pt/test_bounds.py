"""What PyTorch's encoder holds while it runs."""

import weakref

import torch

import cases
import tree_pt as tree


def test_a_layer_s_states_are_gone_when_the_next_but_one_runs():
    config = cases.config("decoder", num_hidden_layers=5)
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE)).eval()
    made, alive = [], []

    def look(layer, given, output):
        alive.append(sum(one() is not None for one in made))
        made.extend(weakref.ref(one) for one in output)

    for layer in model.encoder.layer:
        layer.register_forward_hook(look)
    with torch.no_grad():
        model(input_ids=torch.full((2, 7), 9), use_cache=False)
    assert alive == [0, 1, 1, 1, 1]
