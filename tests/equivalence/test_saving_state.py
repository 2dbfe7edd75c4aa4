"""What is saved is what was trained, or nothing: in both trees, in the same words."""

import keras
import numpy as np
import pytest
import torch
from torch.nn.utils import parametrizations, parametrize

import cases
import tree_pt
import tree_tf

TREES = {"pt": tree_pt, "tf": tree_tf}
IDS = torch.tensor([[5, 9, 33, 7], [8, 71, 12, 6]])


def new(tree: str, task: str, config: str = "plain"):
    settings = cases.config(config)
    return TREES[tree].new(task, settings, cases.weights(settings, task))


def refusal(model, folder) -> str:
    with pytest.raises(ValueError, match="to be saved") as refused:
        model.save_pretrained(folder)
    assert not list(folder.iterdir())
    assert len(str(refused.value)) < 500
    return str(refused.value)


def drop_a_layer(model):
    del model.roberta.encoder.layer[-1]


def say_more_labels(model):
    model.config.num_labels = 7


def say_fewer_words(model):
    model.config.vocab_size = 90


def say_narrower(model):
    model.config.intermediate_size = 20


@pytest.mark.parametrize("change", [drop_a_layer, say_more_labels, say_fewer_words, say_narrower])
def test_a_model_that_is_not_what_its_config_says_is_refused_in_the_same_words(change, tmp_path):
    words = []
    for tree in TREES:
        model = new(tree, cases.TOKEN)
        change(model)
        words.append(refusal(model, tmp_path))
    assert words[0] == words[1]
    assert "must be of shape" in words[0]


def test_layers_that_the_config_does_not_know_are_refused(tmp_path):
    for tree in TREES:
        model = new(tree, cases.TOKEN)
        model.config.num_hidden_layers = 1
        assert "no weights but those" in (words := refusal(model, tmp_path))
        assert "roberta.encoder.layer.1.attention.self.query" in words


def test_a_layer_of_another_kind_is_refused_in_the_same_form(tmp_path):
    pt, tf = (new(tree, cases.TOKEN) for tree in TREES)

    class Doubled(torch.nn.Linear):
        def forward(self, states):
            return 2 * super().forward(states)

    class DoubledDense(keras.layers.Dense):
        def call(self, inputs):
            return 2 * super().call(inputs)

    pt.classifier = Doubled(24, 5)
    exchanged = DoubledDense(5, dtype="float64")
    exchanged.build((None, 24))
    tf._tracker.unlock()
    tf._tracker.untrack(tf.classifier)
    tf.classifier = exchanged
    words = [refusal(model, tmp_path) for model in (pt, tf)]
    assert words[0].startswith("classifier must be of the kind Linear to be saved")
    assert words[0].endswith("received Doubled.")
    assert words[1].startswith("classifier must be of the kind Dense to be saved")
    assert words[1].endswith("received DoubledDense.")


class Scaled(torch.nn.Module):
    """A parametrisation of a user's own, with a number that trains."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(1.7, dtype=torch.float64))

    def forward(self, weight):
        return self.scale * weight


def scaled(module):
    parametrize.register_parametrization(module, "weight", Scaled())


@pytest.mark.parametrize(
    "parametrise", [parametrizations.weight_norm, parametrizations.spectral_norm, scaled]
)
def test_parametrised_weights_are_written_as_the_forward_uses_them(parametrise, tmp_path):
    model = new("pt", cases.TOKEN).train()
    layer = model.roberta.encoder.layer[0]
    for module in (layer.intermediate.dense, layer.attention.self.query, model.classifier):
        parametrise(module)
    parametrise(model.get_input_embeddings())
    before = {name: one.clone() for name, one in model.state_dict().items()}
    model.save_pretrained(tmp_path)
    for name, one in model.state_dict().items():  # saving is no step of a power iteration
        torch.testing.assert_close(one, before[name], rtol=0, atol=0)
    expected = model.eval()(IDS).logits.detach()
    for tree in TREES:
        loaded = type(new(tree, cases.TOKEN)).from_pretrained(tmp_path, dtype="float64")
        found = TREES[tree].run(loaded, {"input_ids": IDS.numpy()}, return_dict=True)["logits"]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_a_decoder_that_is_no_longer_tied_is_not_lost(tmp_path):
    model = new("pt", cases.MASKED)
    scaled(model.get_input_embeddings())
    assert "lm_head.decoder.weight must be tied" in refusal(model, tmp_path)
    model.config.tie_word_embeddings = False
    model.save_pretrained(tmp_path)
    loaded = type(model).from_pretrained(tmp_path, dtype="float64")
    torch.testing.assert_close(loaded(IDS).logits, model(IDS).logits, rtol=0, atol=1e-10)


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_what_the_table_of_weights_has_no_row_for_is_refused(tmp_path):
    model = new("pt", cases.TOKEN)
    torch.nn.utils.weight_norm(model.classifier)
    assert refusal(model, tmp_path).endswith("received classifier.weight_g, classifier.weight_v.")
    model = new("pt", cases.TOKEN)
    model.added = torch.nn.Linear(2, 3)
    assert refusal(model, tmp_path).endswith("received added.weight, added.bias.")
    model = new("pt", cases.TOKEN).to("meta")
    assert "must be in memory" in refusal(model, tmp_path)
