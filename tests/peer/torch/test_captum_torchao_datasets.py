"""captum explains, torchao shrinks, and datasets feeds our models."""

import pytest
import torch
from captum.attr import LayerActivation, LayerIntegratedGradients
from datasets import Dataset
from datasets.fingerprint import Hasher
from torchao.quantization import (
    Int8DynamicActivationInt8WeightConfig,
    Int8WeightOnlyConfig,
    quantize_,
)

from camembert_dual import (
    AutoTokenizer,
    CamembertForMaskedLM,
    CamembertForSequenceClassification,
    DataCollatorWithPadding,
)

NAME = "camembert-tiny-fr"
IDS = torch.tensor([[5, 9, 33, 7], [8, 71, 12, 6]])
PAD = 1
MASK = torch.ones_like(IDS)
TEXTS = ["Paris est la <mask> de la France.", "Il ouvrit la <mask> et entra dans la chambre."]


@pytest.fixture(scope="module")
def classifier():
    torch.manual_seed(4)
    return CamembertForSequenceClassification.from_pretrained(NAME)


def scores_of(model):
    return lambda input_ids, mask: model(input_ids, mask).logits


def test_attributions_of_the_embeddings_add_up_to_the_difference_of_the_scores(classifier):
    scores, baseline = scores_of(classifier), torch.full_like(IDS, PAD)
    explain = LayerIntegratedGradients(scores, classifier.roberta.embeddings)
    found = explain.attribute(
        IDS, baselines=baseline, additional_forward_args=(MASK,), target=1, n_steps=200
    )
    assert found.shape == (2, 4, 192)
    difference = (scores(IDS, MASK) - scores(baseline, MASK))[:, 1]
    total = found.sum(dim=(1, 2)).to(difference.dtype)
    torch.testing.assert_close(total, difference, rtol=0, atol=1e-3)


@pytest.mark.parametrize("part", ["", ".attention", ".attention.self", ".output"])
def test_the_outputs_of_every_layer_are_tensors(classifier, part):
    layer = classifier.get_submodule(f"roberta.encoder.layer.1{part}")
    scores = scores_of(classifier)
    states = LayerActivation(scores, layer).attribute(IDS, additional_forward_args=(MASK,))
    states = states if isinstance(states, tuple) else (states,)
    assert states[0].shape == (2, 4, 192)
    explain = LayerIntegratedGradients(scores, layer)
    baseline = torch.full_like(IDS, 3)
    found = explain.attribute(
        IDS, baselines=baseline, additional_forward_args=(MASK,), target=1, n_steps=5
    )
    found = found if isinstance(found, tuple) else (found,)
    assert found[0].shape == (2, 4, 192)


@pytest.mark.parametrize("way", [Int8WeightOnlyConfig, Int8DynamicActivationInt8WeightConfig])
def test_weights_of_eight_bits_fill_masks_as_whole_ones(way):
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    inputs = tokenizer(TEXTS, padding=True, return_tensors="pt")
    is_mask = inputs["input_ids"] == tokenizer.mask_token_id
    model = CamembertForMaskedLM.from_pretrained(NAME)
    with torch.no_grad():
        expected = model(**inputs).logits[is_mask]
        quantize_(model, way())
        found = model(**inputs).logits[is_mask]
    layer = model.roberta.encoder.layer[0]
    assert type(layer.intermediate.dense.weight).__name__ == "Int8Tensor"
    assert torch.equal(found.argmax(dim=-1), expected.argmax(dim=-1))
    assert 0 < (found - expected).abs().max() < 0.1 * expected.abs().max()


def test_a_mapped_dataset_is_cached_and_goes_into_a_model(classifier, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(NAME)

    def encode(rows):
        return tokenizer(rows["text"], truncation=True, max_length=12)

    assert Hasher.hash(encode) == Hasher.hash(encode)
    data = Dataset.from_dict(
        {"text": ["Il pleut.", "Oui.", "Bonjour à tous !"], "label": [0, 1, 0]}
    )
    data.save_to_disk(tmp_path / "data")
    files = []
    for _ in range(2):
        mapped = Dataset.load_from_disk(tmp_path / "data").map(encode, batched=True)
        files.append([one["filename"] for one in mapped.cache_files])
        tokenizer("Un appel entre deux.")
    assert files[0] == files[1] != []
    batch = DataCollatorWithPadding(tokenizer)(list(mapped.remove_columns("text")))
    assert classifier(**batch).logits.shape == (3, 2)
