"""Classes of a user's own, made on transformers 4.34.0: their files are read here, ours there."""

import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers
from torch import nn

import camembert_dual
from camembert_dual.checkpoints.folder import open_checkpoint
from model_methods import SIZES

transformers.logging.set_verbosity_error()
IDS = torch.tensor([[0, 11, 27, 2], [0, 34, 7, 2]])
pytestmark = pytest.mark.filterwarnings("ignore")


def tagger(module):
    """The same class on either package."""

    class Tagger(module.CamembertPreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.roberta = module.CamembertModel(config, add_pooling_layer=False)
            self.norm = nn.BatchNorm1d(config.hidden_size)
            self.classifier = nn.Linear(config.hidden_size, 5)
            self.words = nn.Embedding(7, config.hidden_size, padding_idx=2)
            self.post_init()

        def forward(self, input_ids, attention_mask=None):
            states = self.roberta(input_ids, attention_mask=attention_mask)[0]
            return self.classifier(self.norm(states[:, 0] + self.words.weight[1]))

    return Tagger


def same(first, second) -> None:
    stored, others = first.state_dict(), second.state_dict()
    for name in stored.keys() & others.keys():
        assert torch.equal(stored[name], others[name]), name


@pytest.mark.parametrize("safe", [True, False])
@pytest.mark.parametrize("way", ["theirs here", "ours there"])
def test_a_pytorch_model_with_own_layers_crosses(way, safe, tmp_path):
    modules = (transformers, camembert_dual)
    writer, reader = modules if way == "theirs here" else modules[::-1]
    model = tagger(writer)(writer.CamembertConfig(**SIZES)).train()
    model(IDS)  # moves the running means
    model.eval().save_pretrained(tmp_path, safe_serialization=safe)
    again = tagger(reader).from_pretrained(tmp_path).eval()
    same(model, again)
    assert int(again.norm.num_batches_tracked) == 1
    torch.testing.assert_close(again(IDS), model(IDS), rtol=0, atol=1e-5)


def test_own_layers_start_as_theirs_do(tmp_path):
    base = transformers.CamembertForMaskedLM(transformers.CamembertConfig(**SIZES))
    base.save_pretrained(tmp_path)
    ours, theirs = (
        tagger(module).from_pretrained(tmp_path) for module in (camembert_dual, transformers)
    )
    for model in (ours, theirs):
        assert not model.classifier.bias.any()
        assert not model.words.weight[2].any()
        assert 0.01 < float(model.classifier.weight.std()) < 0.03
        assert 0.01 < float(model.words.weight[3:].std()) < 0.03
    same(ours.roberta, theirs.roberta)


class TFTagger(transformers.TFCamembertPreTrainedModel):
    """As users wrote it for Keras 2."""

    def __init__(self, config, *inputs, **kwargs):
        super().__init__(config, *inputs, **kwargs)
        module = transformers.models.camembert.modeling_tf_camembert
        self.roberta = module.TFCamembertMainLayer(config, add_pooling_layer=False, name="roberta")
        self.norm = tf.keras.layers.LayerNormalization(name="norm")
        self.classifier = tf.keras.layers.Dense(5, name="classifier")

    @transformers.modeling_tf_utils.unpack_inputs
    def call(
        self,
        input_ids=None,
        attention_mask=None,
        token_type_ids=None,
        output_attentions=None,
        output_hidden_states=None,
        return_dict=None,
        training=False,
    ):
        states = self.roberta(input_ids, attention_mask, token_type_ids, training=training)[0]
        return self.classifier(self.norm(states))


def test_their_tf_h5_with_own_layers_is_read_here(tmp_path):
    model = TFTagger(transformers.CamembertConfig(**SIZES))
    model(model.dummy_inputs)
    model.save_pretrained(tmp_path)
    assert (tmp_path / "tf_model.h5").is_file()
    arrays = open_checkpoint(tmp_path).arrays
    own = {name for name in arrays if not name.startswith("roberta.")}
    assert own == {"norm.weight", "norm.bias", "classifier.weight", "classifier.bias"}
    kernel, bias = model.classifier.weights
    np.testing.assert_array_equal(arrays["classifier.weight"], kernel.numpy().T)
    np.testing.assert_array_equal(arrays["classifier.bias"], bias.numpy())
    np.testing.assert_array_equal(arrays["norm.weight"], model.norm.gamma.numpy())

    class Tagger(camembert_dual.CamembertPreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.roberta = camembert_dual.CamembertModel(config, add_pooling_layer=False)
            self.norm = nn.LayerNorm(config.hidden_size, eps=1e-3)
            self.classifier = nn.Linear(config.hidden_size, 5)

        def forward(self, input_ids):
            return self.classifier(self.norm(self.roberta(input_ids)[0]))

    again = Tagger.from_pretrained(tmp_path)
    expected = model({"input_ids": tf.constant(IDS.numpy(), tf.int32)}).numpy()
    np.testing.assert_allclose(again(IDS).detach(), expected, rtol=0, atol=1e-5)
