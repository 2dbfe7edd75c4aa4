"""Classes of a user's own in PyTorch: ties, buffers, computed weights, ways to start."""

import pytest
import torch
from torch import nn

import cases
import own_models_pt as own
import tree_pt as tree
from camembert_dual.pt import CamembertModel
from camembert_dual.pt.pretrained import PretrainedModel

pytestmark = pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
IDS = torch.tensor([[5, 11, 27, 6], [5, 34, 6, 7]])


@pytest.fixture
def base(tmp_path):
    config = cases.config()
    model = tree.new(cases.MASKED, config, cases.weights(config, cases.MASKED), "float32")
    model.save_pretrained(tmp_path / "base")
    return tmp_path / "base"


def test_a_decoder_of_a_users_own_is_tied_resized_and_saved_once(base, tmp_path):
    model = own.OwnDecoder.from_pretrained(base)
    table = model.get_input_embeddings().weight
    assert model.lm_head.weight is table
    assert set(model.load_report.missing) == {"lm_head.bias"} - set(model.load_report.loaded)
    model.resize_token_embeddings(105)
    assert model.lm_head.weight is model.get_input_embeddings().weight
    assert model(IDS).shape == (2, 4, 105)
    assert "lm_head.weight" not in model.to_arrays()
    model.save_pretrained(tmp_path / "mine")
    again = own.OwnDecoder.from_pretrained(tmp_path / "mine")
    assert again.lm_head.weight is again.get_input_embeddings().weight
    assert torch.equal(again(IDS), model(IDS))
    assert again.double().lm_head.weight is again.get_input_embeddings().weight


class Started(PretrainedModel):
    """Layers that start in a way of the user's."""

    def __init__(self, config):
        super().__init__(config)
        self.roberta = CamembertModel(config, add_pooling_layer=False)
        self.first = nn.Linear(24, 5)
        self.second = nn.utils.parametrizations.weight_norm(nn.Linear(5, 3))
        self.third = nn.BatchNorm1d(3)
        self.post_init()

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.weight, 7.0)

    def forward(self, input_ids):
        return self.third(self.second(self.first(self.roberta(input_ids)[0][:, 0])))


def test_layers_start_as_the_class_says_and_the_network_is_left_alone(base):
    model = Started.from_pretrained(base)
    assert (model.first.weight == 7.0).all()
    arrays = cases.weights(cases.config(), cases.MASKED)
    name = "roberta.encoder.layer.1.output.dense.weight"
    assert torch.equal(model.state_dict()[name], torch.tensor(arrays[name], dtype=torch.float32))


def test_buffers_and_computed_weights_return(base, tmp_path):
    model = Started.from_pretrained(base).train()
    model(IDS)
    model.eval().save_pretrained(tmp_path / "mine")
    again = Started.from_pretrained(tmp_path / "mine")
    stored, found = model.state_dict(), again.state_dict()
    assert stored.keys() == found.keys()
    assert all(torch.equal(tensor, found[name]) for name, tensor in stored.items())
    assert int(again.third.num_batches_tracked) == 1
    assert torch.equal(again(IDS), model(IDS))


def test_layers_start_normal_with_the_range_of_the_config():
    model = own.Tagger(cases.config(initializer_range=0.5), width=64)
    assert 0.45 < float(model.middle.weight.detach().std()) < 0.55
    assert not model.middle.bias.any()
    assert (model.norm.weight == 1).all()


def test_gradients_reach_the_embeddings_of_a_frozen_table():
    model = tree.model_class(cases.MASKED)(cases.config()).requires_grad_(False)
    words = model.get_input_embeddings()
    assert not words(IDS).requires_grad
    model.enable_input_require_grads()
    model.enable_input_require_grads()  # the hook is there once
    assert words(IDS).requires_grad
    model.disable_input_require_grads()
    assert not words(IDS).requires_grad


def test_masks_are_added_to_scores():
    least = torch.finfo(torch.float32).min
    model = tree.model_class(cases.BARE)(cases.config("decoder"))
    found = model.get_extended_attention_mask(torch.tensor([[1, 1, 0]]), (1, 3))
    expected = [[0, least, least], [0, 0, least], [0, 0, least]]
    assert torch.equal(found, torch.tensor([[expected]]))
    found = model.invert_attention_mask(torch.tensor([[1, 0]]))
    assert torch.equal(found, torch.tensor([[[[0, least]]]]))
    with pytest.raises(ValueError, match=r"must be of shape .*; received \(3,\)\."):
        model.invert_attention_mask(torch.ones(3))


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointing_takes_pytorchs_options(reentrant):
    config = cases.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = tree.model_class(cases.MASKED)(config).train()
    inputs = {"input_ids": IDS, "labels": IDS}
    model(**inputs).loss.backward()
    weights = dict(model.named_parameters())
    expected = {name: one.grad for name, one in weights.items() if one.grad is not None}
    model.zero_grad()
    model.gradient_checkpointing_enable({"use_reentrant": reentrant})
    assert model.roberta.encoder.checkpoint_options == {"use_reentrant": reentrant}
    model(**inputs).loss.backward()
    for name, gradient in expected.items():
        torch.testing.assert_close(weights[name].grad, gradient)


def test_a_class_that_pytorch_derives_is_the_class_of_the_model(base, tmp_path):
    model = tree.model_class(cases.MASKED).from_pretrained(base)
    name = f"FSDP{type(model).__name__}"  # as fully_shard makes it
    model.__class__ = type(name, (type(model),), {"__module__": "torch.distributed.fsdp"})
    model.save_pretrained(tmp_path / "spread")
    config = tree.model_class(cases.MASKED).from_pretrained(tmp_path / "spread").config
    assert config.architectures == [cases.MASKED]
    model.extra = nn.Linear(3, 3)
    with pytest.raises(ValueError, match="must have no weights but those"):
        model.to_arrays()
